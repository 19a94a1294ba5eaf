import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Finding messages again. */
final class Querying {
    private Querying() {
    }

    static String offsets(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        List<MessageQueue> queues = Stage.create(producer, topic, 2);
        MessageQueue queue = queues.get(0);
        long before = System.currentTimeMillis() - 1000;
        Stage.same("max of an empty queue", 0L, producer.maxOffset(queue));
        List<MessageExt> stored = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            SendResult result = Stage.ok(producer.send(Stage.message(topic, "", "", "offset-" + i), queue));
            Stage.same("offset", (long) i, result.getQueueOffset());
            stored.add(producer.viewMessage(topic, result.getOffsetMsgId()));
            Stage.await("another millisecond",
                () -> System.currentTimeMillis() > stored.get(stored.size() - 1).getStoreTimestamp() + 1);
        }
        Stage.await("the consume queue", () -> max(producer, queue) == 20);
        Stage.same("min", 0L, producer.minOffset(queue));
        Stage.same("max of the other queue", 0L, producer.maxOffset(queues.get(1)));
        Stage.same("earliest time", stored.get(0).getStoreTimestamp(), producer.earliestMsgStoreTime(queue));
        Stage.same("offset before all", 0L, producer.searchOffset(queue, before));
        Stage.same("offset after all", 20L, producer.searchOffset(queue, System.currentTimeMillis() + 60_000));
        for (int i = 0; i < 20; i++) {
            Stage.same("offset at the time of " + i, (long) i,
                producer.searchOffset(queue, stored.get(i).getStoreTimestamp()));
        }
        return "min, max, earliest and 22 searches by time";
    }

    private static long max(DefaultMQProducer producer, MessageQueue queue) {
        try {
            return producer.maxOffset(queue);
        } catch (MQClientException wrong) {
            throw new AssertionError(wrong);
        }
    }

    static String byKey(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 4);
        for (int i = 0; i < 60; i++) {
            Message message = Stage.message(topic, "TagA", "", "key-" + i);
            message.setKeys(List.of("each-" + i, "third-" + i % 3, "all"));
            Stage.ok(producer.send(message));
        }
        Stage.same("with the common key", 60, bodies(search(producer, topic, "all", 60)).size());
        Stage.same("with a shared key", 20, bodies(search(producer, topic, "third-1", 20)).size());
        Stage.same("with its own key", Set.of("key-7"), bodies(search(producer, topic, "each-7", 1)));
        Stage.same("with a limit", 5, producer.queryMessage(topic, "all", 5, 0, Long.MAX_VALUE)
            .getMessageList().size());
        Stage.check(empty(producer, topic, "nobody", 0, Long.MAX_VALUE), "found by a key that nobody has");
        Stage.check(empty(producer, topic, "all", 0, System.currentTimeMillis() - 3_600_000), "found an hour ago");
        return "60 messages by own, shared and common keys";
    }

    private static boolean empty(DefaultMQProducer producer, String topic, String key, long from, long to)
        throws Exception {
        try {
            return producer.queryMessage(topic, key, 32, from, to).getMessageList().isEmpty();
        } catch (MQClientException nothing) {
            Stage.same("code for nothing found", 208, nothing.getResponseCode());
            return true;
        }
    }

    /** The messages with the key, once there are so many (the index is built a moment after the answer). */
    static List<MessageExt> search(DefaultMQProducer producer, String topic, String key, int count) {
        List<MessageExt> found = new ArrayList<>();
        Stage.await(() -> count + " messages by key " + key + ", found " + found.size(), () -> {
            found.clear();
            try {
                found.addAll(producer.queryMessage(topic, key, 64, 0, Long.MAX_VALUE).getMessageList());
            } catch (Exception notYet) {
                return false;
            }
            return found.size() >= count;
        });
        return found;
    }

    private static Set<String> bodies(List<MessageExt> messages) {
        Set<String> bodies = new HashSet<>();
        messages.forEach(message -> bodies.add(new String(message.getBody(), StandardCharsets.UTF_8)));
        return bodies;
    }

    static String byUniqueId(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 4);
        List<SendResult> sent = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            sent.add(Stage.ok(producer.send(Stage.message(topic, "TagA", "k", "unique-" + i))));
        }
        for (int i = 0; i < 30; i++) {
            String id = sent.get(i).getMsgId();
            List<MessageExt> found = new ArrayList<>();
            Stage.await("the message with id " + id, () -> {
                try {
                    found.add(producer.viewMessage(topic, id));
                    return found.get(0) != null;
                } catch (Exception notYet) {
                    return false;
                }
            });
            MessageExt message = found.get(0);
            Stage.same("body", "unique-" + i, new String(message.getBody(), StandardCharsets.UTF_8));
            Stage.same("offset", sent.get(i).getQueueOffset(), message.getQueueOffset());
            Stage.same("unique id", id, message.getMsgId());
        }
        return "30 messages";
    }

    static String byOffsetId(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 4);
        for (int i = 0; i < 30; i++) {
            SendResult result = Stage.ok(producer.send(Stage.message(topic, "TagA", "k", "id-" + i)));
            MessageExt message = producer.viewMessage(topic, result.getOffsetMsgId());
            Stage.same("body", "id-" + i, new String(message.getBody(), StandardCharsets.UTF_8));
            Stage.same("offset", result.getQueueOffset(), message.getQueueOffset());
            Stage.same("topic", topic, message.getTopic());
        }
        return "30 messages, each at once after the answer";
    }
}
