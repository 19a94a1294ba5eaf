import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.impl.factory.MQClientInstance;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.header.QueryConsumerOffsetRequestHeader;

/**
 * A small population that operators can look at, the same on every cluster.
 *
 * <p>Usage: {@code Fixture NAMESRV}. Topic {@code FixTopic} has 4 queues of 10 messages; group {@code fix-online} has
 * consumed all of them and stays; group {@code fix-lag} has consumed all but the last 2 of each queue and is gone;
 * producer group {@code fix-producer} stays. Prints {@code unique=ID} and {@code offset=ID} of the first message, then
 * {@code ready}, and leaves when its standard input ends.
 */
public final class Fixture {
    private static final String TOPIC = "FixTopic";

    private Fixture() {
    }

    public static void main(String[] args) throws Exception {
        try {
            populate(args[0]);
        } catch (Throwable wrong) {
            wrong.printStackTrace();
            System.exit(1);
        }
        while (System.in.read() >= 0) {
            continue;
        }
        System.exit(0);
    }

    private static void populate(String namesrv) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer("fix-producer");
        producer.setNamesrvAddr(namesrv);
        producer.setInstanceName("producer");
        producer.start();
        List<MessageQueue> queues = Stage.create(producer, TOPIC, 4);
        SendResult first = send(producer, queues, 0);
        for (int i = 1; i < 32; i++) {
            send(producer, queues, i);
        }
        Inbox early = new Inbox();
        DefaultMQPushConsumer gone = consumer(namesrv, "fix-lag", early);
        Stage.await("messages for fix-lag", () -> early.size() >= 32);
        keep(producer, gone, queues, 8);
        gone.shutdown();
        for (int i = 32; i < 40; i++) {
            send(producer, queues, i);
        }
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer online = consumer(namesrv, "fix-online", inbox);
        Stage.await("messages for fix-online", () -> inbox.size() >= 40);
        Stage.await("the retry queue", () -> Sharing.queues(online, "%RETRY%fix-online").size() == 1);
        keep(producer, online, queues, 10);
        System.out.println("unique=" + first.getMsgId());
        System.out.println("offset=" + first.getOffsetMsgId());
        System.out.println("ready");
    }

    /** Offsets are stored every 5 s; nobody should see the time before that. */
    private static void keep(DefaultMQProducer producer, DefaultMQPushConsumer consumer, List<MessageQueue> queues,
        long offset) {
        Stage.await("the offsets of " + consumer.getConsumerGroup(), () -> {
            if (queues.stream().allMatch(queue -> committed(producer, consumer, queue) == offset)) {
                return true;
            }
            consumer.getDefaultMQPushConsumerImpl().persistConsumerOffset();
            return false;
        });
    }

    /** What the broker has; asked by the producer's connection, because a consumer takes over what it reads. */
    private static long committed(DefaultMQProducer producer, DefaultMQPushConsumer consumer, MessageQueue queue) {
        QueryConsumerOffsetRequestHeader header = new QueryConsumerOffsetRequestHeader();
        header.setConsumerGroup(consumer.getConsumerGroup());
        header.setTopic(queue.getTopic());
        header.setQueueId(queue.getQueueId());
        MQClientInstance client = producer.getDefaultMQProducerImpl().getMqClientFactory();
        String addr = client.findBrokerAddressInPublish(queue.getBrokerName());
        try {
            return client.getMQClientAPIImpl().queryConsumerOffset(addr, header, 3000);
        } catch (Exception notYet) {
            return -1;
        }
    }

    private static SendResult send(DefaultMQProducer producer, List<MessageQueue> queues, int number)
        throws Exception {
        Message message = Stage.message(TOPIC, number % 2 == 0 ? "TagA" : "TagB", "order-" + number,
            "Grüße " + number);
        message.putUserProperty("number", Integer.toString(number));
        return Stage.ok(producer.send(message, queues.get(number % queues.size())));
    }

    private static DefaultMQPushConsumer consumer(String namesrv, String group, Inbox inbox) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        consumer.setNamesrvAddr(namesrv);
        consumer.setInstanceName(group);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(TOPIC, "TagA || TagB");
        consumer.registerMessageListener(inbox.concurrently());
        consumer.start();
        return consumer;
    }
}
