// Boost Software License 1.0, see LICENSE

package stompchat.interop;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A started stompchat-server, the program TEST_SERVER. What it logs goes to this program's stderr. */
final class Server implements AutoCloseable {
    static final int PATIENCE = 20; // seconds

    private final Process process;
    private final List<String> urls = new ArrayList<>();

    /** Waits until it listens on {@code listeners} addresses. */
    Server(int listeners, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(System.getenv("TEST_SERVER")));
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        // Only what the server is told here: options in the environment of whoever runs the tests are none of it.
        builder.environment().keySet().removeIf(name -> name.startsWith("STOMPCHAT_"));
        process = builder.start();
        // None may outlive the tests, however they end.
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        Thread reader = new Thread(() -> {
            try (BufferedReader stdout = process.inputReader()) {
                stdout.lines().forEach(lines::add);
            }
            catch (IOException ended) {
                // Then nothing more comes.
            }
        });
        reader.setDaemon(true);
        reader.start();
        for (int i = 0; i < listeners; ++i) {
            String line = lines.poll(PATIENCE, TimeUnit.SECONDS);
            if (line == null) {
                process.destroyForcibly();
                throw new AssertionError("the server did not start");
            }
            urls.add(line.replaceFirst("^listening ", ""));
        }
    }

    static Server plain() throws Exception {
        return new Server(1, "--listen", "127.0.0.1:0");
    }

    String url(String scheme) {
        return urls.stream().filter(url -> url.startsWith(scheme + "://")).findFirst().orElseThrow();
    }

    /** Where it listens, for another one that takes its place. */
    String address() {
        return url("ws").replaceFirst("^ws://", "").replaceFirst("/.*$", "");
    }

    /** Nothing moves in it until its end, and its connections stay: the node that hangs. */
    void pause() throws Exception {
        new ProcessBuilder("kill", "-STOP", Long.toString(process.pid())).inheritIO().start().waitFor();
    }

    /** Stops it in order. Returns the exit code. */
    int stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(PATIENCE, TimeUnit.SECONDS)) throw new AssertionError("the server did not stop");
        return process.exitValue();
    }

    /** Ends it the way a crash does. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }

    /** A self-signed certificate for 127.0.0.1: certificate and key, PEM files in a folder below TEST_TMP. */
    static List<String> makeCertificate() throws Exception {
        Path folder = Files.createDirectories(Path.of(System.getenv("TEST_TMP"), "certificate-" + ProcessHandle.current().pid()));
        String cert = folder.resolve("cert.pem").toString();
        String key = folder.resolve("key.pem").toString();
        Process made = new ProcessBuilder("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2", "-subj", "/CN=stompchat test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert)
                .redirectErrorStream(true).start();
        String said = new String(made.getInputStream().readAllBytes());
        if (made.waitFor() != 0) throw new AssertionError("openssl: " + said);
        return List.of(cert, key);
    }
}
