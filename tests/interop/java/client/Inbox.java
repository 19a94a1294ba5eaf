import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.common.message.MessageExt;

/** The messages that consumers received, in the order of arrival. */
final class Inbox {
    /** A message and when it came (ms since 1970). */
    record Arrival(MessageExt message, long at) {
        String body() {
            return new String(message.getBody(), StandardCharsets.UTF_8);
        }
    }

    private final List<Arrival> arrivals = new ArrayList<>();

    synchronized void add(List<MessageExt> messages) {
        long now = System.currentTimeMillis();
        for (MessageExt message : messages) {
            arrivals.add(new Arrival(message, now));
        }
    }

    MessageListenerConcurrently concurrently() {
        return (messages, context) -> {
            add(messages);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        };
    }

    MessageListenerOrderly orderly() {
        return (messages, context) -> {
            add(messages);
            return ConsumeOrderlyStatus.SUCCESS;
        };
    }

    synchronized List<Arrival> all() {
        return new ArrayList<>(arrivals);
    }

    synchronized int size() {
        return arrivals.size();
    }

    List<String> bodies() {
        return all().stream().map(Arrival::body).toList();
    }

    List<Arrival> of(String body) {
        return all().stream().filter(arrival -> arrival.body().equals(body)).toList();
    }

    boolean has(Collection<String> wanted) {
        return new HashSet<>(bodies()).containsAll(wanted);
    }

    /** Waits until each of the bodies came at least once. */
    void awaitAll(Collection<String> wanted) {
        Stage.await(() -> "messages: " + missing(wanted), () -> has(wanted));
    }

    /** Waits until each of the bodies came, then fails if one came twice or another one came too. */
    void awaitExactly(Collection<String> wanted) {
        awaitAll(wanted);
        exactly(wanted);
    }

    /** Fails unless each of the bodies is there once, and nothing else. */
    void exactly(Collection<String> wanted) {
        Map<String, Integer> times = new TreeMap<>();
        bodies().forEach(body -> times.merge(body, 1, Integer::sum));
        Set<String> others = new HashSet<>(times.keySet());
        others.removeAll(new HashSet<>(wanted));
        Stage.check(others.isEmpty(), "messages nobody should get: " + others);
        times.values().removeIf(count -> count == 1);
        Stage.check(times.isEmpty(), "messages that came several times: " + times);
        Stage.check(has(wanted), missing(wanted));
    }

    private String missing(Collection<String> wanted) {
        List<String> missing = new ArrayList<>(wanted);
        missing.removeAll(new HashSet<>(bodies()));
        return missing.size() + " of " + wanted.size() + " missing, such as "
            + missing.subList(0, Math.min(5, missing.size()));
    }
}
