import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageQueue;

/** One push consumer. */
final class Consuming {
    private Consuming() {
    }

    /** Only the tags subscribed to, each message once, while they are being sent. */
    static String concurrent(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 8);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = stage.consumer(stage.name("group"));
        consumer.subscribe(topic, "TagA || TagC");
        consumer.registerMessageListener(inbox.concurrently());
        List<String> wanted = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            if (i == 300) {
                consumer.start();
            }
            String tag = List.of("TagA", "TagB", "TagC", "").get(i % 4);
            String body = tag + "-" + i;
            if (i % 2 == 0) {
                wanted.add(body);
            }
            Stage.ok(producer.send(Stage.message(topic, tag, body, body)));
        }
        inbox.awaitExactly(wanted);
        return wanted.size() + " of 1000 messages by tag, each once";
    }

    /** A group that was away goes on where it stopped; its offsets survive the last member. */
    static String resume(Stage stage) throws Exception {
        String topic = stage.name("topic");
        String group = stage.name("group");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 4);
        Inbox before = new Inbox();
        DefaultMQPushConsumer first = stage.consumer(group, topic, before);
        List<String> early = send(producer, topic, "early", 100);
        before.awaitExactly(early);
        first.shutdown();
        List<String> away = send(producer, topic, "away", 100);
        Inbox after = new Inbox();
        stage.consumer(group, topic, after);
        after.awaitExactly(away);
        before.exactly(early);
        return early.size() + " before, " + away.size() + " after, none twice";
    }

    /** A new group that wants only what is new skips the old, unless the queue still starts at 0 in memory. */
    static String fromLast(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 1);
        List<String> early = send(producer, topic, "early", 50);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = stage.consumer(stage.name("group"));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(inbox.concurrently());
        consumer.start();
        List<String> all = new ArrayList<>(early);
        all.addAll(send(producer, topic, "late", 50));
        // Brokers answer a new group with offset 0 as long as nothing of a queue has left memory.
        inbox.awaitExactly(all);
        return "a young queue is read from its start";
    }

    /** A consumer that waits at the end of a queue is woken by the next message, not by its time-out (15 s). */
    static String longPoll(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        List<MessageQueue> queues = Stage.create(producer, topic, 1);
        Inbox inbox = new Inbox();
        stage.consumer(stage.name("group"), topic, inbox);
        Stage.ok(producer.send(Stage.message(topic, "", "", "first"), queues.get(0)));
        inbox.awaitExactly(List.of("first"));
        long slowest = 0;
        List<String> bodies = new ArrayList<>(List.of("first"));
        for (int i = 0; i < 20; i++) {
            bodies.add("next-" + i);
            long sent = System.currentTimeMillis();
            Stage.ok(producer.send(Stage.message(topic, "", "", "next-" + i), queues.get(0)));
            inbox.awaitAll(bodies);
            slowest = Math.max(slowest, System.currentTimeMillis() - sent);
        }
        inbox.exactly(bodies);
        Stage.check(slowest < 10_000, "a waiting consumer got a message only after " + slowest + " ms");
        return "20 messages to a waiting consumer, the slowest in " + slowest + " ms";
    }

    static List<String> send(DefaultMQProducer producer, String topic, String prefix, int count) throws Exception {
        List<String> bodies = Stage.bodies(prefix, count);
        for (String body : bodies) {
            Stage.ok(producer.send(Stage.message(topic, "TagA", body, body)));
        }
        return bodies;
    }
}
