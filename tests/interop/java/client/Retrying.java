import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageClientExt;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;

/** Messages that a listener refuses. */
final class Retrying {
    private Retrying() {
    }

    /** {@code good} at once, {@code later} after one refusal, {@code never} ends among the dead letters. */
    static String retry(Stage stage) throws Exception {
        String topic = stage.name("topic");
        String group = stage.name("group");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 2);
        Inbox tries = new Inbox();
        DefaultMQPushConsumer consumer = stage.consumer(group);
        consumer.setMaxReconsumeTimes(2);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            tries.add(messages);
            MessageExt message = messages.get(0);
            String fate = message.getTags();
            boolean refuse = fate.equals("never") || fate.equals("later") && message.getReconsumeTimes() == 0;
            context.setDelayLevelWhenNextConsume(1);
            return refuse ? ConsumeConcurrentlyStatus.RECONSUME_LATER : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        List<String> dead = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            for (String fate : List.of("good", "later", "never")) {
                Stage.ok(producer.send(Stage.message(topic, fate, "key-" + fate + i, fate + "-" + i)));
            }
            dead.add("never-" + i);
        }
        Inbox letters = new Inbox();
        Stage.await("the dead-letter topic", () -> exists(producer, "%DLQ%" + group));
        stage.consumer(stage.name("undertaker"), "%DLQ%" + group, letters);
        letters.awaitExactly(dead);
        for (int i = 0; i < 10; i++) {
            attempts(tries, topic, "good-" + i, 1);
            attempts(tries, topic, "later-" + i, 2);
            attempts(tries, topic, "never-" + i, 3);
        }
        for (Inbox.Arrival letter : letters.all()) {
            letter(letter, topic, tries.of(letter.body()).get(0).message());
        }
        return tries.size() + " tries of 30 messages, " + dead.size() + " dead letters";
    }

    private static boolean exists(DefaultMQProducer producer, String topic) {
        try {
            return !producer.fetchPublishMessageQueues(topic).isEmpty();
        } catch (Exception notYet) {
            return false;
        }
    }

    private static void attempts(Inbox tries, String topic, String body, int times) {
        List<Inbox.Arrival> all = tries.of(body);
        Stage.same("tries of " + body, times, all.size());
        for (int i = 0; i < times; i++) {
            MessageExt message = all.get(i).message();
            Stage.same("number of try of " + body, i, message.getReconsumeTimes());
            Stage.same("topic of " + body, topic, message.getTopic());
            Stage.same("unique id of " + body, all.get(0).message().getMsgId(), message.getMsgId());
            if (i > 0) {
                long waited = all.get(i).at() - all.get(i - 1).at();
                Stage.check(waited >= 990, body + " came again after " + waited + " ms");
            }
        }
    }

    private static void letter(Inbox.Arrival letter, String topic, MessageExt origin) {
        MessageExt message = letter.message();
        Stage.same("unique id", origin.getMsgId(), message.getMsgId());
        Stage.same("keys", origin.getKeys(), message.getKeys());
        Stage.same("tag", "never", message.getTags());
        Stage.same("where it came from", topic, message.getProperty(MessageConst.PROPERTY_RETRY_TOPIC));
        String offsetId = ((MessageClientExt) origin).getOffsetMsgId();
        Stage.same("what it was", offsetId, message.getProperty(MessageConst.PROPERTY_ORIGIN_MESSAGE_ID));
        Stage.same("number of tries", 3, message.getReconsumeTimes());
    }

    /** An orderly listener that never succeeds: the message is tried on the spot, then buried; its queue goes on. */
    static String orderlyDeadLetter(Stage stage) throws Exception {
        String topic = stage.name("topic");
        String group = stage.name("group");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 1);
        Inbox tries = new Inbox();
        DefaultMQPushConsumer consumer = stage.consumer(group);
        consumer.setMaxReconsumeTimes(2);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            tries.add(messages);
            context.setSuspendCurrentQueueTimeMillis(20);
            boolean refuse = new String(messages.get(0).getBody(), StandardCharsets.UTF_8).equals("bad-1");
            return refuse ? ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT : ConsumeOrderlyStatus.SUCCESS;
        });
        consumer.start();
        for (int i = 0; i < 3; i++) {
            Stage.ok(producer.send(Stage.message(topic, "", "", "bad-" + i)));
        }
        tries.awaitAll(List.of("bad-0", "bad-1", "bad-2"));
        Inbox letters = new Inbox();
        Stage.await("the dead-letter topic", () -> exists(producer, "%DLQ%" + group));
        stage.consumer(stage.name("undertaker"), "%DLQ%" + group, letters);
        letters.awaitExactly(List.of("bad-1"));
        Stage.same("order", List.of("bad-0", "bad-1", "bad-1", "bad-1", "bad-2"), tries.bodies());
        return "3 tries on the spot, then the dead letter, then the next message";
    }
}
