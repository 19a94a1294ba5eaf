import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * Writes what a store must keep, and checks that it was kept.
 *
 * <p>Usage: {@code Exchange NAMESRV fill ROUND} leaves messages, committed offsets, messages that wait for their time
 * and transactions without an end; {@code Exchange NAMESRV verify ROUND} finds what rounds 1 to ROUND left, and prints
 * {@code ok ...}.
 */
public final class Exchange {
    private static final int MESSAGES = 100;
    private static final int QUEUES = 4;
    private static final long COMMITTED = 15;

    private Exchange() {
    }

    public static void main(String[] args) throws Exception {
        int round = Integer.parseInt(args[2]);
        try (Stage stage = new Stage(args[0], "exchange")) {
            if (args[1].equals("fill")) {
                fill(stage, round);
            } else {
                for (int each = 1; each <= round; each++) {
                    verify(stage, each);
                }
            }
        } catch (Throwable wrong) {
            wrong.printStackTrace();
            System.exit(1);
        }
        System.out.println("ok " + args[1] + " " + round);
        System.exit(0);
    }

    private static String topic(String kind, int round) {
        return "exchange-" + kind + "-" + round;
    }

    private static void fill(Stage stage, int round) throws Exception {
        DefaultMQProducer producer = stage.producer();
        List<MessageQueue> queues = Stage.create(producer, topic("plain", round), QUEUES);
        for (int i = 0; i < MESSAGES; i++) {
            String body = "plain " + round + "/" + i;
            Message message = Stage.message(topic("plain", round), "Tag" + i % 3, key(round, i), body);
            message.putUserProperty("größe", "µ" + i);
            Stage.ok(producer.send(message, queues.get(i % QUEUES)));
        }
        DefaultLitePullConsumer reader = stage.lite(topic("group", round));
        reader.setAutoCommit(false);
        reader.start();
        reader.assign(queues);
        // The group exists once the first heartbeat has come; before that the broker refuses its offsets. Apache's loses
        // some when the first ones come together: it is done when a look at all of them finds none that is missing.
        DefaultMQPullConsumer offsetReader = offsetReader(stage, round);
        Stage.await("the committed offsets", () -> {
            Map<MessageQueue, Long> missing = new HashMap<>();
            for (MessageQueue queue : queues) {
                if (committed(offsetReader, queue) != COMMITTED) {
                    missing.put(queue, COMMITTED);
                }
            }
            reader.commit(missing, true);
            return missing.isEmpty();
        });
        Stage.create(producer, topic("delayed", round), 1);
        for (String body : Stage.bodies("delayed", 5)) {
            Message message = Stage.message(topic("delayed", round), "", "", body);
            message.setDelayTimeLevel(3);
            Stage.ok(producer.send(message));
        }
        Stage.create(producer, topic("tx", round), 1);
        TransactionMQProducer undecided = transactional(stage, round, LocalTransactionState.UNKNOW);
        for (String body : Stage.bodies("tx", 5)) {
            Stage.ok(undecided.sendMessageInTransaction(Stage.message(topic("tx", round), "", "", body), null));
        }
    }

    private static String key(int round, int number) {
        return "key-" + round + "-" + number;
    }

    /** A client that asks the broker each time; the lite consumer believes what it committed itself. */
    private static DefaultMQPullConsumer offsetReader(Stage stage, int round) throws Exception {
        DefaultMQPullConsumer reader = new DefaultMQPullConsumer(topic("group", round));
        stage.start(reader);
        return reader;
    }

    private static long committed(DefaultMQPullConsumer reader, MessageQueue queue) {
        try {
            return reader.fetchConsumeOffset(queue, true);
        } catch (Exception notYet) {
            return -2;
        }
    }

    private static TransactionMQProducer transactional(Stage stage, int round, LocalTransactionState answer)
        throws Exception {
        TransactionMQProducer producer = stage.transactional();
        producer.setProducerGroup(topic("tx", round));
        producer.setTransactionListener(new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message message, Object argument) {
                return answer;
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt message) {
                return answer;
            }
        });
        // Check-backs go to producers whose heartbeats a broker has seen, and those go to the brokers that a client has
        // sent to.
        producer.setHeartbeatBrokerInterval(1000);
        stage.start(producer);
        Stage.create(producer, "exchange-hello", 1);
        Stage.ok(producer.send(Stage.message("exchange-hello", "", "", "hello")));
        return producer;
    }

    private static void verify(Stage stage, int round) throws Exception {
        DefaultMQProducer producer = stage.producer();
        List<MessageQueue> queues = Stage.queues(producer, topic("plain", round), QUEUES);
        verifyMessages(stage, producer, round, queues);
        DefaultMQPullConsumer reader = offsetReader(stage, round);
        for (MessageQueue queue : queues) {
            Stage.same("committed offset of " + queue, COMMITTED, committed(reader, queue));
        }
        Inbox delayed = new Inbox();
        stage.consumer(stage.name("delayed-" + round), topic("delayed", round), delayed);
        delayed.awaitExactly(Stage.bodies("delayed", 5));
        transactional(stage, round, LocalTransactionState.COMMIT_MESSAGE);
        Inbox settled = new Inbox();
        stage.consumer(stage.name("tx-" + round), topic("tx", round), settled);
        settled.awaitExactly(Stage.bodies("tx", 5));
    }

    private static void verifyMessages(Stage stage, DefaultMQProducer producer, int round, List<MessageQueue> queues)
        throws Exception {
        Inbox inbox = new Inbox();
        stage.consumer(stage.name("plain-" + round), topic("plain", round), inbox);
        Set<String> wanted = new TreeSet<>();
        for (int i = 0; i < MESSAGES; i++) {
            wanted.add("plain " + round + "/" + i);
        }
        inbox.awaitExactly(wanted);
        for (Inbox.Arrival arrival : inbox.all()) {
            MessageExt message = arrival.message();
            int number = Integer.parseInt(arrival.body().split("/")[1]);
            Stage.same("queue of " + number, number % QUEUES, message.getQueueId());
            Stage.same("offset of " + number, (long) number / QUEUES, message.getQueueOffset());
            Stage.same("tag of " + number, "Tag" + number % 3, message.getTags());
            Stage.same("keys of " + number, key(round, number), message.getKeys());
            Stage.same("property of " + number, "µ" + number, message.getUserProperty("größe"));
            if (number % 10 == 0) {
                MessageExt byKey = Querying.search(producer, message.getTopic(), key(round, number), 1).get(0);
                Stage.same("by key", arrival.body(), new String(byKey.getBody(), StandardCharsets.UTF_8));
                MessageExt byId = producer.viewMessage(message.getTopic(), message.getMsgId());
                Stage.same("by id", arrival.body(), new String(byId.getBody(), StandardCharsets.UTF_8));
            }
        }
        for (MessageQueue queue : queues) {
            Stage.same("min of " + queue, 0L, producer.minOffset(queue));
            Stage.same("max of " + queue, (long) MESSAGES / QUEUES, producer.maxOffset(queue));
        }
    }
}
