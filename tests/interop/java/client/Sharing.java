import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.heartbeat.MessageModel;

/** Several members of one group. */
final class Sharing {
    private Sharing() {
    }

    static String broadcast(Stage stage) throws Exception {
        String topic = stage.name("topic");
        String group = stage.name("group");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 4);
        List<Inbox> inboxes = List.of(new Inbox(), new Inbox());
        for (Inbox inbox : inboxes) {
            DefaultMQPushConsumer consumer = stage.consumer(group);
            consumer.setMessageModel(MessageModel.BROADCASTING);
            consumer.subscribe(topic, "*");
            consumer.registerMessageListener(inbox.concurrently());
            consumer.start();
        }
        List<String> bodies = Consuming.send(producer, topic, "all", 200);
        for (Inbox inbox : inboxes) {
            inbox.awaitExactly(bodies);
        }
        return "2 members, " + bodies.size() + " messages each";
    }

    /** Members join and leave under load: nothing is lost; between the changes nothing comes twice. */
    static String rebalance(Stage stage) throws Exception {
        String topic = stage.name("topic");
        String group = stage.name("group");
        DefaultMQProducer producer = stage.producer();
        int count = Stage.create(producer, topic, 8).size();
        Inbox a = new Inbox();
        Inbox b = new Inbox();
        DefaultMQPushConsumer first = stage.consumer(group, topic, a);
        List<String> alone = Consuming.send(producer, topic, "alone", 200);
        a.awaitExactly(alone);

        DefaultMQPushConsumer second = stage.consumer(group);
        second.subscribe(topic, "*");
        second.registerMessageListener(b.concurrently());
        List<String> joining = load(producer, topic, "joining", second::start,
            () -> share(count, topic, first, second));
        Stage.await("messages sent while one joined", () -> union(a, b).containsAll(joining));

        int oldA = a.size();
        int oldB = b.size();
        List<String> together = Consuming.send(producer, topic, "together", 400);
        Stage.await("messages for two", () -> union(a, b).containsAll(together));
        List<String> fresh = new ArrayList<>(a.bodies().subList(oldA, a.size()));
        fresh.addAll(b.bodies().subList(oldB, b.size()));
        fresh.removeIf(body -> !body.startsWith("together"));
        Stage.same("deliveries in steady state", together.size(), fresh.size());
        Stage.check(a.size() > oldA && b.size() > oldB, "one member got nothing");

        List<String> leaving = load(producer, topic, "leaving", first::shutdown,
            () -> queues(second, topic).size() == count);
        Stage.await("messages sent while one left", () -> union(a, b).containsAll(leaving));
        List<String> rest = Consuming.send(producer, topic, "rest", 200);
        b.awaitAll(rest);
        Stage.same("deliveries to the one left", rest.size(),
            (int) b.bodies().stream().filter(body -> body.startsWith("rest")).count());
        int sent = alone.size() + joining.size() + together.size() + leaving.size() + rest.size();
        return sent + " messages, " + (a.size() + b.size() - sent) + " came again while members changed";
    }

    /** Sends until the change is through, and some messages more. */
    private static List<String> load(DefaultMQProducer producer, String topic, String prefix, Step change,
        java.util.function.BooleanSupplier through) throws Exception {
        List<String> bodies = new ArrayList<>();
        Thread changing = new Thread(() -> {
            try {
                change.run();
            } catch (Exception wrong) {
                throw new AssertionError(wrong);
            }
        });
        long end = System.currentTimeMillis() + Stage.PATIENCE_MS;
        int more = 50;
        for (int i = 0; more > 0; i++) {
            if (i == 100) {
                changing.start();
            }
            if (i > 100 && !changing.isAlive() && through.getAsBoolean()) {
                more--;
            }
            Stage.check(System.currentTimeMillis() < end, "the members never agreed while " + prefix);
            String body = prefix + "-" + i;
            bodies.add(body);
            Stage.ok(producer.send(Stage.message(topic, "", body, body)));
        }
        return bodies;
    }

    private interface Step {
        void run() throws Exception;
    }

    private static boolean share(int count, String topic, DefaultMQPushConsumer... members) {
        Set<MessageQueue> all = new HashSet<>();
        int held = 0;
        for (DefaultMQPushConsumer member : members) {
            Set<MessageQueue> queues = queues(member, topic);
            if (queues.size() != count / members.length) {
                return false;
            }
            held += queues.size();
            all.addAll(queues);
        }
        return held == count && all.size() == count;
    }

    /** The queues of the topic that the member works on. */
    static Set<MessageQueue> queues(DefaultMQPushConsumer member, String topic) {
        Set<MessageQueue> queues = new HashSet<>(
            member.getDefaultMQPushConsumerImpl().getRebalanceImpl().getProcessQueueTable().keySet());
        queues.removeIf(queue -> !queue.getTopic().equals(topic));
        return queues;
    }

    private static Set<String> union(Inbox... inboxes) {
        Set<String> all = new HashSet<>();
        for (Inbox inbox : inboxes) {
            all.addAll(inbox.bodies());
        }
        return all;
    }
}
