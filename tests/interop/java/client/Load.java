import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * Sends without pause and remembers what was acknowledged, while somebody kills the broker.
 *
 * <p>Usage: {@code Load NAMESRV}. Each line on standard input is a command, answered by one line: {@code send N} sends
 * until N more messages are acknowledged and goes on sending, {@code verify} stops sending and answers {@code ok ...}
 * when every acknowledged message is at the place that the acknowledgement named, once, and is found by its key;
 * otherwise {@code bad ...}.
 */
public final class Load {
    private static final String TOPIC = "LoadTopic";
    private static final int QUEUES = 4;
    private static final int SENDERS = 4;

    private final DefaultMQProducer producer = new DefaultMQProducer("load");
    private final DefaultMQPullConsumer reader = new DefaultMQPullConsumer("load-reader");
    /** Body to place ({@code queue/offset}). */
    private final Map<String, String> acknowledged = new ConcurrentHashMap<>();
    private final AtomicInteger number = new AtomicInteger();
    private final Semaphore running = new Semaphore(0);
    private final Semaphore finished = new Semaphore(0);
    private volatile boolean paused = true;
    private int verified;

    public static void main(String[] args) throws Exception {
        Load load = new Load();
        try {
            load.start(args[0]);
        } catch (Throwable wrong) {
            wrong.printStackTrace();
            System.exit(1);
        }
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String command = commands.readLine(); command != null; command = commands.readLine()) {
            try {
                System.out.println(command.equals("verify") ? load.verify()
                    : load.send(Integer.parseInt(command.substring("send ".length()))));
            } catch (Exception | AssertionError wrong) {
                wrong.printStackTrace();
                System.out.println(("bad " + wrong).replace('\n', ' '));
            }
        }
        System.exit(0);
    }

    private void start(String namesrv) throws Exception {
        producer.setNamesrvAddr(namesrv);
        producer.setRetryTimesWhenSendFailed(0);
        producer.setSendMsgTimeout(2000);
        producer.start();
        Stage.create(producer, TOPIC, QUEUES);
        reader.setNamesrvAddr(namesrv);
        reader.start();
        for (int i = 0; i < SENDERS; i++) {
            Thread sender = new Thread(this::sendForever);
            sender.setDaemon(true);
            sender.start();
        }
    }

    private String send(int more) {
        int target = acknowledged.size() + more;
        if (paused) {
            paused = false;
            running.release(SENDERS);
        }
        Stage.await(() -> target + " acknowledgements, got " + acknowledged.size(),
            () -> acknowledged.size() >= target);
        return "ok " + acknowledged.size();
    }

    private void sendForever() {
        while (true) {
            running.acquireUninterruptibly();
            while (!paused) {
                String body = "load-" + number.incrementAndGet();
                try {
                    SendResult result = producer.send(Stage.message(TOPIC, "", body, body + "x".repeat(200)));
                    if (result.getSendStatus() == SendStatus.SEND_OK) {
                        acknowledged.put(body, result.getMessageQueue().getQueueId() + "/" + result.getQueueOffset());
                    }
                } catch (Exception down) {
                    rest();
                }
            }
            finished.release();
        }
    }

    private static void rest() {
        try {
            Thread.sleep(5);
        } catch (InterruptedException stop) {
            throw new AssertionError(stop);
        }
    }

    private String verify() throws Exception {
        paused = true;
        finished.acquire(SENDERS);
        List<MessageQueue> queues = new ArrayList<>();
        Stage.await("the route", () -> {
            queues.clear();
            try {
                queues.addAll(reader.fetchSubscribeMessageQueues(TOPIC));
                return queues.size() == QUEUES;
            } catch (Exception notYet) {
                return false;
            }
        });
        Map<String, String> found = new HashMap<>();
        int extra = 0;
        for (MessageQueue queue : queues) {
            for (MessageExt message : all(queue)) {
                String body = new String(message.getBody(), StandardCharsets.UTF_8).replaceAll("x+$", "");
                String before = found.put(body, message.getQueueId() + "/" + message.getQueueOffset());
                Stage.check(before == null, body + " is there twice");
                extra += acknowledged.containsKey(body) ? 0 : 1;
            }
        }
        for (Map.Entry<String, String> entry : acknowledged.entrySet()) {
            Stage.same("place of " + entry.getKey(), entry.getValue(), found.get(entry.getKey()));
        }
        return "ok " + acknowledged.size() + " acknowledged, " + extra + " more stored, " + keys() + " found by key";
    }

    private List<MessageExt> all(MessageQueue queue) throws Exception {
        long max = reader.maxOffset(queue);
        List<MessageExt> messages = new ArrayList<>();
        long end = System.currentTimeMillis() + Stage.PATIENCE_MS;
        for (long at = reader.minOffset(queue); at < max;) {
            PullResult result = reader.pull(queue, "*", at, 32);
            if (result.getMsgFoundList() != null) {
                messages.addAll(result.getMsgFoundList());
            }
            Stage.check(result.getNextBeginOffset() > at || System.currentTimeMillis() < end, "stuck at " + queue
                + " " + at + " of " + max + ": " + result.getPullStatus());
            at = result.getNextBeginOffset();
        }
        return messages;
    }

    /** Looks up the keys acknowledged since the last time (at most 200), each of which must be found once. */
    private int keys() {
        List<String> keys = new ArrayList<>(acknowledged.keySet());
        keys.sort(Comparator.comparing(key -> Integer.parseInt(key.substring("load-".length()))));
        List<String> recent = keys.subList(Math.max(verified, keys.size() - 200), keys.size());
        for (String key : recent) {
            Stage.same("messages with key " + key, 1, Querying.search(producer, TOPIC, key, 1).size());
        }
        verified = keys.size();
        return recent.size();
    }
}
