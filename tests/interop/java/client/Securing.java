import org.apache.rocketmq.acl.common.AclClientRPCHook;
import org.apache.rocketmq.acl.common.SessionCredentials;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragely;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.RPCHook;

/**
 * What a broker lets users do that checks them. It has a super user {@code rocketmq} with the password
 * {@code 12345678}, and a user {@code alice} with {@code alice-secret} who may send to and consume topics that begin
 * with {@code open-}, with groups that begin with {@code alice-}.
 */
final class Securing {
    private static final int NO_PERMISSION = 16;

    private Securing() {
    }

    private static RPCHook signing(String user, String password) {
        return new AclClientRPCHook(new SessionCredentials(user, password));
    }

    private static RPCHook root() {
        return signing("rocketmq", "12345678");
    }

    private static RPCHook alice() {
        return signing("alice", "alice-secret");
    }

    private static DefaultMQProducer producer(Stage stage, RPCHook hook) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(stage.name("producer"), hook);
        stage.start(producer);
        return producer;
    }

    private interface Call {
        Object run() throws Exception;
    }

    /** The call is refused for want of permission, with that in the reason; a send wraps that up. */
    private static void refused(String reason, Call call) throws Exception {
        Object result;
        try {
            result = call.run();
        } catch (MQBrokerException | MQClientException failure) {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            if (!(cause instanceof MQBrokerException)) {
                throw failure;
            }
            MQBrokerException refused = (MQBrokerException) cause;
            Stage.same("code of " + refused, NO_PERMISSION, refused.getResponseCode());
            Stage.check(refused.getErrorMessage().contains(reason), refused.getErrorMessage() + " lacks " + reason);
            return;
        }
        throw new AssertionError("not refused: " + result);
    }

    private static void sendRefused(DefaultMQProducer producer, String topic, String reason) throws Exception {
        producer.setRetryTimesWhenSendFailed(0);
        refused(reason, () -> producer.send(Stage.message(topic, "", "", "x")));
    }

    /** Who signs nothing, or with another password, or is unknown. */
    static String unsigned(Stage stage) throws Exception {
        String topic = "open-" + stage.name("topic");
        Stage.create(producer(stage, root()), topic, 1);
        sendRefused(producer(stage, null), topic, "username cannot be null.");
        sendRefused(producer(stage, signing("alice", "guess")), topic, "check signature failed.");
        sendRefused(producer(stage, signing("nobody", "x")), topic, "User:nobody is not found.");
        return "three strangers are refused";
    }

    /** A user sends and consumes what it may, with everything a push consumer asks for on the way. */
    static String permitted(Stage stage) throws Exception {
        String topic = "open-" + stage.name("topic");
        Stage.create(producer(stage, root()), topic, 2);
        DefaultMQProducer producer = producer(stage, alice());
        DefaultMQPushConsumer consumer =
            new DefaultMQPushConsumer("alice-" + stage.name("group"), alice(), new AllocateMessageQueueAveragely());
        stage.prepare(consumer);
        Inbox inbox = new Inbox();
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(inbox.concurrently());
        consumer.start();
        for (int i = 0; i < 20; i++) {
            Stage.ok(producer.send(Stage.message(topic, "TagA", "key-" + i, "body-" + i)));
        }
        Stage.ok(producer.send(Stage.message(topic, "TagA", "größe", "Grüße, 世界 " + "x".repeat(10_000))));
        Stage.await("21 messages", () -> inbox.size() >= 21);
        Stage.same("found by key", 1, Querying.search(producer, topic, "key-7", 1).size());
        return "21 messages sent, consumed and looked up";
    }

    /** A user is refused what it may not. */
    static String forbidden(Stage stage) throws Exception {
        String closed = stage.name("closed");
        String open = "open-" + stage.name("topic");
        DefaultMQProducer root = producer(stage, root());
        Stage.create(root, closed, 1);
        Stage.create(root, open, 1);
        DefaultMQProducer producer = producer(stage, alice());
        sendRefused(producer, closed, "User:alice has no permission to access Topic:" + closed);
        Stage.ok(producer.send(Stage.message(open, "", "", "fine")));
        Stage.ok(root.send(Stage.message(closed, "", "", "fine")));
        pulls(stage, "alice-" + stage.name("group"), open, null);
        pulls(stage, "alice-" + stage.name("group"), closed, "Topic:" + closed);
        pulls(stage, stage.name("other"), open, "Group:" + stage.name("other"));
        return "a topic to send to, one to pull from and a group are refused";
    }

    private static void pulls(Stage stage, String group, String topic, String refusal) throws Exception {
        DefaultMQPullConsumer consumer = new DefaultMQPullConsumer(group, alice());
        stage.start(consumer);
        MessageQueue queue = new MessageQueue(topic, "broker-a", 0);
        Call pull = () -> consumer.pull(queue, "*", 0, 8);
        if (refusal != null) {
            refused(refusal, pull);
            return;
        }
        Stage.same("pulled", 1, ((PullResult) pull.run()).getMsgFoundList().size());
    }
}
