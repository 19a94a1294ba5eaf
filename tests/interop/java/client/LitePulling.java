import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.MessageQueue;

/** The lite pull consumer, as a member of a group and with queues of its own choice. */
final class LitePulling {
    private LitePulling() {
    }

    static String subscribe(Stage stage) throws Exception {
        String topic = stage.name("topic");
        String group = stage.name("group");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 4);
        List<String> early = Consuming.send(producer, topic, "early", 150);
        DefaultLitePullConsumer first = stage.lite(group);
        first.subscribe(topic, "*");
        first.start();
        Inbox before = new Inbox();
        Stage.await("early messages", () -> poll(first, before).has(early));
        before.exactly(early);
        first.commit();
        first.shutdown();
        List<String> away = Consuming.send(producer, topic, "away", 150);
        List<DefaultLitePullConsumer> two = List.of(stage.lite(group), stage.lite(group));
        Inbox after = new Inbox();
        for (DefaultLitePullConsumer member : two) {
            member.subscribe(topic, "*");
            member.start();
        }
        Stage.await("messages for two members", () -> {
            two.forEach(member -> poll(member, after));
            return after.has(away);
        });
        Stage.check(after.bodies().stream().noneMatch(early::contains), "what was committed came again");
        return "150 messages, then 150 for two members";
    }

    static String assign(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        List<MessageQueue> queues = Stage.create(producer, topic, 2);
        MessageQueue queue = queues.get(1);
        List<SendResult> sent = new ArrayList<>();
        List<String> bodies = Stage.bodies("assign", 40);
        for (String body : bodies) {
            sent.add(Stage.ok(producer.send(Stage.message(topic, "", "", body), queue)));
        }
        DefaultLitePullConsumer consumer = stage.lite(stage.name("group"));
        consumer.setAutoCommit(false);
        consumer.start();
        Collection<MessageQueue> found = consumer.fetchMessageQueues(topic);
        Stage.same("queues", 2, found.size());
        consumer.assign(List.of(queue));
        consumer.seek(queue, 25);
        expect(consumer, bodies.subList(25, 40));
        consumer.seekToBegin(queue);
        expect(consumer, bodies);
        consumer.seekToEnd(queue);
        Stage.ok(producer.send(Stage.message(topic, "", "", "at the end"), queue));
        expect(consumer, List.of("at the end"));
        long stored = producer.viewMessage(topic, sent.get(10).getOffsetMsgId()).getStoreTimestamp();
        long found10 = consumer.offsetForTimestamp(queue, stored);
        Stage.check(found10 >= 0 && found10 <= 10, "offset by time " + found10);
        consumer.commit(Map.of(queue, 33L), true);
        Stage.await("the committed offset", () -> committed(consumer, queue) == 33);
        return "seek, begin, end, by time and commit";
    }

    private static long committed(DefaultLitePullConsumer consumer, MessageQueue queue) {
        try {
            return consumer.committed(queue);
        } catch (Exception wrong) {
            throw new AssertionError(wrong);
        }
    }

    /** The next messages are these, in this order. */
    private static void expect(DefaultLitePullConsumer consumer, List<String> bodies) {
        Inbox inbox = new Inbox();
        AtomicReference<Inbox> into = new AtomicReference<>(inbox);
        Stage.await(() -> bodies + ", got " + inbox.bodies(), () -> poll(consumer, into.get()).size() >= bodies.size());
        Stage.same("messages", bodies, inbox.bodies());
    }

    private static Inbox poll(DefaultLitePullConsumer consumer, Inbox inbox) {
        inbox.add(consumer.poll(100));
        return inbox;
    }
}
