import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileOutputStream;
import java.io.FileDescriptor;
import java.io.BufferedOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.rocketmq.tools.command.MQAdminStartup;

/**
 * Runs many mqadmin commands in one JVM, because a start costs seconds and a command milliseconds.
 *
 * <p>On standard input: the number of arguments (int), then each argument (int length, UTF-8 bytes). On standard
 * output, for each command: what it wrote to stdout, then to stderr (int length, bytes each).
 */
public final class AdminSession {
    private AdminSession() {
    }

    public static void main(String[] args) throws Exception {
        DataInputStream in = new DataInputStream(System.in);
        DataOutputStream out =
            new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)));
        while (true) {
            String[] command;
            try {
                command = new String[in.readInt()];
            } catch (EOFException end) {
                return;
            }
            for (int i = 0; i < command.length; i++) {
                command[i] = new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
            }
            ByteArrayOutputStream stdout = new ByteArrayOutputStream();
            ByteArrayOutputStream stderr = new ByteArrayOutputStream();
            System.setOut(new PrintStream(stdout, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(stderr, true, StandardCharsets.UTF_8));
            forget();
            MQAdminStartup.main0(command, null);
            reply(out, stdout);
            reply(out, stderr);
            out.flush();
        }
    }

    /** Some commands keep their client in a field, which is of no use to the next run; main0 makes new ones. */
    private static void forget() throws Exception {
        Field commands = MQAdminStartup.class.getDeclaredField("SUB_COMMANDS");
        commands.setAccessible(true);
        ((List<?>) commands.get(null)).clear();
    }

    private static void reply(DataOutputStream out, ByteArrayOutputStream captured) throws Exception {
        out.writeInt(captured.size());
        captured.writeTo(out);
    }
}
