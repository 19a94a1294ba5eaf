import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;

/** Subscriptions with SQL92 expressions. */
final class Filtering {
    private Filtering() {
    }

    /** Only what the expression wants, each message once, while they are being sent. */
    static String expression(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 4);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = stage.consumer(stage.name("group"));
        consumer.subscribe(topic, MessageSelector.bySql(
            "TAGS IN ('TagA', 'TagB') AND (amount BETWEEN 10 AND 19 OR region STARTSWITH 'eu-' AND amount IS NULL)"));
        consumer.registerMessageListener(inbox.concurrently());
        List<String> wanted = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            if (i == 200) {
                consumer.start();
            }
            String tag = i % 5 == 0 ? "TagC" : i % 2 == 0 ? "TagA" : "TagB";
            String body = tag + "-" + i;
            Message message = Stage.message(topic, tag, body, body);
            if (i % 3 == 0) {
                message.putUserProperty("region", i % 4 == 0 ? "us-1" : "eu-1");
            } else {
                message.putUserProperty("amount", i % 7 == 0 ? "many" : String.valueOf(i % 30));
            }
            boolean bounded = i % 3 != 0 && i % 7 != 0 && i % 30 >= 10 && i % 30 <= 19;
            boolean european = i % 3 == 0 && i % 4 != 0;
            if (i % 5 != 0 && (bounded || european)) {
                wanted.add(body);
            }
            Stage.ok(producer.send(message));
        }
        inbox.awaitExactly(wanted);
        return wanted.size() + " of 400 messages by expression, each once";
    }

    /** What is no expression is told when the consumer starts. */
    static String refused(Stage stage) throws Exception {
        String topic = stage.name("topic");
        Stage.create(stage.producer(), topic, 1);
        DefaultMQPushConsumer consumer = stage.consumer(stage.name("group"));
        consumer.subscribe(topic, MessageSelector.bySql("amount > 'ten'"));
        consumer.registerMessageListener(new Inbox().concurrently());
        try {
            consumer.start();
        } catch (MQClientException e) {
            Stage.check(String.valueOf(e.getMessage()).contains("cannot be compared"), "told otherwise: " + e.getMessage());
            return "refused: " + e.getResponseCode();
        }
        throw new AssertionError("the consumer started");
    }
}
