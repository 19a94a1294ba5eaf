import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageQueue;

/** Order: per key on the way in, per queue on the way out. */
final class Ordering {
    private Ordering() {
    }

    static String ordered(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 8);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = stage.consumer(stage.name("group"));
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(inbox.orderly());
        consumer.start();
        List<String> bodies = send(producer, topic, 20, 30);
        inbox.awaitExactly(bodies);
        inOrder(inbox, 30);
        Map<String, Set<Integer>> queues = new HashMap<>();
        for (Inbox.Arrival arrival : inbox.all()) {
            queues.computeIfAbsent(arrival.message().getKeys(), key -> new HashSet<>())
                .add(arrival.message().getQueueId());
        }
        queues.forEach((key, used) -> Stage.same("queues of key " + key, 1, used.size()));
        return "20 keys of 30 messages over 8 queues, each in order";
    }

    /** A message that a listener cannot take holds up its queue, and nothing is skipped or turned round. */
    static String suspend(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 2);
        Inbox inbox = new Inbox();
        Set<String> refused = ConcurrentHashMap.newKeySet();
        DefaultMQPushConsumer consumer = stage.consumer(stage.name("group"));
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            if (messages.get(0).getQueueOffset() % 10 == 5 && refused.add(messages.get(0).getMsgId())) {
                context.setSuspendCurrentQueueTimeMillis(50);
                return ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT;
            }
            inbox.add(messages);
            return ConsumeOrderlyStatus.SUCCESS;
        });
        consumer.start();
        List<String> bodies = send(producer, topic, 4, 25);
        inbox.awaitExactly(bodies);
        inOrder(inbox, 25);
        Stage.check(!refused.isEmpty(), "nothing was refused");
        return bodies.size() + " messages in order, " + refused.size() + " refused at first";
    }

    /** When a second member takes over queues, both orders hold: the lock in the broker keeps them apart. */
    static String handover(Stage stage) throws Exception {
        String topic = stage.name("topic");
        String group = stage.name("group");
        DefaultMQProducer producer = stage.producer();
        List<MessageQueue> queues = Stage.create(producer, topic, 4);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer first = orderly(stage, group, topic, inbox);
        List<String> bodies = new ArrayList<>();
        DefaultMQPushConsumer second = null;
        for (int i = 0; i < 300; i++) {
            if (i == 100) {
                second = orderly(stage, group, topic, inbox);
            }
            for (int key = 0; key < queues.size(); key++) {
                String body = key + "/" + i;
                bodies.add(body);
                Stage.ok(producer.send(Stage.message(topic, "", Integer.toString(key), body), queues.get(key)));
            }
        }
        DefaultMQPushConsumer joined = second;
        Stage.await("a fair share for both", () -> Sharing.queues(joined, topic).size() == 2
            && Sharing.queues(first, topic).size() == 2);
        inbox.awaitAll(bodies);
        // A queue can be handed over before its last offset is stored: then its tail comes again, in order.
        Map<String, Integer> furthest = new HashMap<>();
        for (Inbox.Arrival arrival : inbox.all()) {
            int number = Integer.parseInt(arrival.body().split("/")[1]);
            int before = furthest.getOrDefault(arrival.message().getKeys(), -1);
            Stage.check(number <= before + 1, "key " + arrival.message().getKeys() + " jumped from " + before
                + " to " + number);
            furthest.put(arrival.message().getKeys(), Math.max(before, number));
        }
        return bodies.size() + " messages over 4 queues, 2 of which changed hands; "
            + (inbox.size() - bodies.size()) + " came again";
    }

    private static DefaultMQPushConsumer orderly(Stage stage, String group, String topic, Inbox inbox)
        throws Exception {
        DefaultMQPushConsumer consumer = stage.consumer(group);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(inbox.orderly());
        consumer.start();
        return consumer;
    }

    /** Sends {@code key/number} in rounds, a key always to the same queue. */
    private static List<String> send(DefaultMQProducer producer, String topic, int keys, int each) throws Exception {
        List<String> bodies = new ArrayList<>();
        for (int i = 0; i < each; i++) {
            for (int key = 0; key < keys; key++) {
                String body = key + "/" + i;
                bodies.add(body);
                Stage.ok(producer.send(Stage.message(topic, "", Integer.toString(key), body),
                    (queues, message, by) -> queues.get((Integer) by % queues.size()), key));
            }
        }
        return bodies;
    }

    private static void inOrder(Inbox inbox, int each) {
        Map<String, Integer> next = new HashMap<>();
        for (Inbox.Arrival arrival : inbox.all()) {
            String key = arrival.message().getKeys();
            int number = Integer.parseInt(arrival.body().split("/")[1]);
            Stage.same("next of key " + key, next.getOrDefault(key, 0), number);
            next.put(key, number + 1);
        }
        next.forEach((key, end) -> Stage.same("messages of key " + key, each, end));
    }
}
