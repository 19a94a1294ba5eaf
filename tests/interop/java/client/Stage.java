import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;

/** What one check works with: names of its own, clients that are shut down at its end, and waiting. */
final class Stage implements AutoCloseable {
    /** Longer than any wait that a healthy server needs, a rebalance by timer (20 s) included; -Dpatience=MS. */
    static final long PATIENCE_MS = Long.getLong("patience", 90_000);

    private final String namesrv;
    private final String suffix;
    private final Deque<Runnable> closers = new ArrayDeque<>();
    private int clients;

    Stage(String namesrv, String check) {
        this.namesrv = namesrv;
        this.suffix = check + "-" + Long.toString(System.nanoTime(), 36);
    }

    /** A topic or group name that no other check and no other run uses. */
    String name(String what) {
        return what + "-" + suffix;
    }

    synchronized String instance() {
        return suffix + "-" + clients++;
    }

    DefaultMQProducer producer() throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(name("producer"));
        start(producer);
        return producer;
    }

    TransactionMQProducer transactional() {
        TransactionMQProducer producer = new TransactionMQProducer(name("producer"));
        producer.setNamesrvAddr(namesrv);
        producer.setInstanceName(instance());
        return producer;
    }

    void start(DefaultMQProducer producer) throws Exception {
        producer.setNamesrvAddr(namesrv);
        producer.setInstanceName(instance());
        producer.setSendMsgTimeout(10_000);
        producer.start();
        onClose(producer::shutdown);
    }

    void start(DefaultMQPullConsumer consumer) throws Exception {
        consumer.setNamesrvAddr(namesrv);
        consumer.setInstanceName(instance());
        consumer.start();
        onClose(consumer::shutdown);
    }

    /** A push consumer that starts with the first message; the caller subscribes, gives it a listener and starts it. */
    DefaultMQPushConsumer consumer(String group) {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        prepare(consumer);
        return consumer;
    }

    void prepare(DefaultMQPushConsumer consumer) {
        consumer.setNamesrvAddr(namesrv);
        consumer.setInstanceName(instance());
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        // Else a listener may have returned and its message not yet counted as consumed when offsets are stored.
        consumer.setAwaitTerminationMillisWhenShutdown(5000);
        onClose(consumer::shutdown);
    }

    /** A push consumer that is already running and takes everything into the inbox. */
    DefaultMQPushConsumer consumer(String group, String topic, Inbox inbox) throws Exception {
        DefaultMQPushConsumer consumer = consumer(group);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(inbox.concurrently());
        consumer.start();
        return consumer;
    }

    DefaultLitePullConsumer lite(String group) {
        DefaultLitePullConsumer consumer = new DefaultLitePullConsumer(group);
        consumer.setNamesrvAddr(namesrv);
        consumer.setInstanceName(instance());
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        onClose(consumer::shutdown);
        return consumer;
    }

    /** Creates the topic, as soon as there is a broker to do it, and waits until clients find it. */
    static List<MessageQueue> create(DefaultMQProducer producer, String topic, int queues) {
        await("a broker that creates " + topic, () -> {
            try {
                producer.createTopic("TBW102", topic, queues, Map.of());
                return true;
            } catch (MQClientException notYet) {
                return false;
            }
        });
        return queues(producer, topic, queues);
    }

    /** The topic's queues, in order, once the name server knows of all of them. */
    static List<MessageQueue> queues(DefaultMQProducer producer, String topic, int queues) {
        List<MessageQueue> found = new ArrayList<>();
        await("the route of " + topic, () -> {
            found.clear();
            try {
                found.addAll(producer.fetchPublishMessageQueues(topic));
            } catch (Exception notYet) {
                return false;
            }
            return found.size() == queues;
        });
        found.sort(null);
        return found;
    }

    synchronized void onClose(Runnable closer) {
        closers.push(closer);
    }

    @Override
    public synchronized void close() {
        while (!closers.isEmpty()) {
            closers.pop().run();
        }
    }

    static void await(String what, BooleanSupplier condition) {
        await(() -> what, condition);
    }

    static void await(Supplier<String> what, BooleanSupplier condition) {
        long end = System.currentTimeMillis() + PATIENCE_MS;
        while (!condition.getAsBoolean()) {
            if (System.currentTimeMillis() > end) {
                throw new AssertionError("waited in vain for " + what.get());
            }
            try {
                Thread.sleep(20);
            } catch (InterruptedException stop) {
                throw new AssertionError(stop);
            }
        }
    }

    static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    static <T> void same(String what, T wanted, T got) {
        if (!java.util.Objects.equals(wanted, got)) {
            throw new AssertionError(what + ": wanted " + wanted + ", got " + got);
        }
    }

    static SendResult ok(SendResult result) {
        same("send status", SendStatus.SEND_OK, result.getSendStatus());
        return result;
    }

    static Message message(String topic, String tag, String key, String body) {
        return new Message(topic, tag, key, body.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    /** {@code prefix-0 .. prefix-(count-1)}. */
    static List<String> bodies(String prefix, int count) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(prefix + "-" + i);
        }
        return all;
    }
}
