import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.RequestTimeoutException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Requests that are replied to. */
final class Replying {
    private Replying() {
    }

    /** Each request gets its own reply; one that nobody replies to ends in time. */
    static String requests(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 2);
        DefaultMQProducer replier = new DefaultMQProducer(stage.name("replier"));
        stage.start(replier);
        DefaultMQPushConsumer consumer = stage.consumer(stage.name("group"));
        consumer.subscribe(topic, "*");
        MessageListenerConcurrently listener = (messages, context) -> {
            for (MessageExt message : messages) {
                String body = new String(message.getBody());
                if (body.equals("nobody")) {
                    continue;
                }
                try {
                    byte[] reply = ("reply to " + body).getBytes();
                    replier.send(MessageUtil.createReplyMessage(message, reply), 10_000);
                } catch (Exception failed) {
                    throw new IllegalStateException(failed);
                }
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        };
        consumer.registerMessageListener(listener);
        consumer.start();
        // The first may come before the consumer has its queues.
        Stage.same("first", "reply to warm", reply(producer, topic, "warm", Stage.PATIENCE_MS));
        List<String> replies = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            replies.add(reply(producer, topic, "r" + i, 20_000));
            Stage.same("reply", "reply to r" + i, replies.get(i));
        }
        try {
            reply(producer, topic, "nobody", 1_000);
            throw new AssertionError("a request without a reply is answered");
        } catch (RequestTimeoutException inTime) {
            return replies.size() + " replies";
        }
    }

    private static String reply(DefaultMQProducer producer, String topic, String body, long timeout) throws Exception {
        Message reply = producer.request(Stage.message(topic, "t", body, body), timeout);
        return new String(reply.getBody());
    }
}
