// Boost Software License 1.0, see LICENSE

package stompchat.interop;

import jakarta.websocket.ContainerProvider;
import jakarta.websocket.WebSocketContainer;
import java.lang.reflect.Type;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.springframework.http.HttpHeaders;
import org.springframework.messaging.MessageDeliveryException;
import org.springframework.messaging.converter.ByteArrayMessageConverter;
import org.springframework.messaging.converter.CompositeMessageConverter;
import org.springframework.messaging.converter.StringMessageConverter;
import org.springframework.messaging.simp.stomp.ConnectionLostException;
import org.springframework.messaging.simp.stomp.StompCommand;
import org.springframework.messaging.simp.stomp.StompFrameHandler;
import org.springframework.messaging.simp.stomp.StompHeaders;
import org.springframework.messaging.simp.stomp.StompSession;
import org.springframework.messaging.simp.stomp.StompSessionHandlerAdapter;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.WebSocketExtension;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.WebSocketHttpHeaders;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.client.standard.StandardWebSocketClient;
import org.springframework.web.socket.handler.WebSocketHandlerDecorator;
import org.springframework.web.socket.messaging.WebSocketStompClient;

/** Spring's client for tests: what a test waits for comes through queues with a time limit. */
final class Client extends StompSessionHandlerAdapter implements AutoCloseable {
    static final int LIMIT = 1024 * 1024;

    /** A frame. Texts are Strings, everything else is octets. */
    record Frame(StompHeaders headers, Object payload) {
        String text() {
            return payload == null ? "" : (String) payload;
        }

        byte[] octets() {
            return payload instanceof String text ? text.getBytes(StandardCharsets.UTF_8) : (byte[]) payload;
        }
    }

    /** A subscription's messages. */
    static final class Inbox {
        final BlockingQueue<Frame> messages = new LinkedBlockingQueue<>();
        StompSession.Subscription subscription;

        List<Frame> take(int count) throws Exception {
            List<Frame> taken = new ArrayList<>();
            while (taken.size() < count) taken.add(Client.take(messages));
            return taken;
        }

        List<String> bodies(int count) throws Exception {
            return take(count).stream().map(Frame::text).toList();
        }
    }

    final BlockingQueue<StompHeaders> connects = new LinkedBlockingQueue<>();
    final BlockingQueue<Frame> errors = new LinkedBlockingQueue<>();
    final BlockingQueue<CloseStatus> closes = new LinkedBlockingQueue<>();
    /** Lost connections, and what went wrong inside of the client. */
    final BlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
    final WebSocketStompClient stomp;
    private final StompHeaders connectHeaders = new StompHeaders();
    private final WebSocketHttpHeaders httpHeaders = new WebSocketHttpHeaders();
    private final ThreadPoolTaskScheduler scheduler;
    private final StandardWebSocketClient webSocket;
    private StompSession session;
    private boolean mute;

    Client() {
        WebSocketContainer container = ContainerProvider.getWebSocketContainer();
        // Its default takes messages of at most 8 KiB.
        container.setDefaultMaxTextMessageBufferSize(2 * LIMIT);
        container.setDefaultMaxBinaryMessageBufferSize(2 * LIMIT);
        webSocket = new StandardWebSocketClient(container) {
            @Override
            protected CompletableFuture<WebSocketSession> executeInternal(WebSocketHandler handler, HttpHeaders headers, URI uri,
                    List<String> subprotocols, List<WebSocketExtension> extensions, Map<String, Object> attributes) {
                // The STOMP client keeps the close code to itself.
                return super.executeInternal(new WebSocketHandlerDecorator(handler) {
                    @Override
                    public void afterConnectionClosed(WebSocketSession closed, CloseStatus status) throws Exception {
                        super.afterConnectionClosed(closed, status);
                        closes.add(status);
                    }
                }, headers, uri, subprotocols, extensions, attributes);
            }
        };
        scheduler = new ThreadPoolTaskScheduler() {
            @Override
            public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, Duration delay) {
                return super.scheduleWithFixedDelay(mute ? () -> {} : task, delay);
            }
        };
        scheduler.setDaemon(true);
        scheduler.initialize();
        stomp = new WebSocketStompClient(webSocket);
        stomp.setTaskScheduler(scheduler);
        stomp.setInboundMessageSizeLimit(2 * LIMIT);
        stomp.setMessageConverter(new CompositeMessageConverter(
                List.of(new StringMessageConverter(StandardCharsets.UTF_8), new ByteArrayMessageConverter())));
        heartBeat(0, 0);
    }

    Client version(String version) {
        connectHeaders.set(StompHeaders.ACCEPT_VERSION, version); // its setter knows no 1.0
        return this;
    }

    Client login(String user) {
        connectHeaders.setLogin(user);
        return this;
    }

    Client heartBeat(long outgoing, long incoming) {
        stomp.setDefaultHeartbeat(new long[] {outgoing, incoming});
        return this;
    }

    Client subprotocols(String... names) {
        httpHeaders.setSecWebSocketProtocol(List.of(names));
        return this;
    }

    Client trusting(SSLContext context) {
        webSocket.setSslContext(context);
        return this;
    }

    /** It promises heart-beats and sends none, like a program that hangs. */
    Client mute() {
        mute = true;
        return this;
    }

    /** Connects and waits for CONNECTED. */
    Client connect(String url) throws Exception {
        StompHeaders headers = new StompHeaders();
        headers.putAll(connectHeaders);
        session = get(stomp.connectAsync(URI.create(url), httpHeaders, headers, this));
        session.setAutoReceipt(true);
        return this;
    }

    /** Waits for the RECEIPT and returns its headers. */
    static StompHeaders confirmed(StompSession.Receiptable sent) throws Exception {
        CompletableFuture<StompHeaders> receipt = new CompletableFuture<>();
        sent.addReceiptTask(receipt::complete);
        sent.addReceiptLostTask(() -> receipt.completeExceptionally(new AssertionError("no RECEIPT")));
        return get(receipt);
    }

    /** Waits until the subscription is live. */
    Inbox subscribe(String destination, Map<String, String> more) throws Exception {
        StompHeaders headers = new StompHeaders();
        headers.setAll(more);
        headers.setDestination(destination);
        Inbox inbox = new Inbox();
        inbox.subscription = session.subscribe(headers, new StompFrameHandler() {
            @Override
            public Type getPayloadType(StompHeaders received) {
                return Client.this.getPayloadType(received);
            }

            @Override
            public void handleFrame(StompHeaders received, Object payload) {
                inbox.messages.add(new Frame(received, payload));
            }
        });
        confirmed(inbox.subscription);
        return inbox;
    }

    Inbox subscribe(String destination) throws Exception {
        return subscribe(destination, Map.of());
    }

    StompSession.Receiptable publish(String destination, Object payload, Map<String, String> more) {
        StompHeaders headers = new StompHeaders();
        headers.setAll(more);
        headers.setDestination(destination);
        return session.send(headers, payload);
    }

    StompHeaders send(String destination, Object payload, Map<String, String> more) throws Exception {
        return confirmed(publish(destination, payload, more));
    }

    StompHeaders send(String destination, Object payload) throws Exception {
        return send(destination, payload, Map.of());
    }

    /** ACK or NACK. What it takes differs with the version, which this learns from the message. */
    void acknowledge(Frame message, boolean consumed) throws Exception {
        StompHeaders headers = new StompHeaders();
        if (message.headers().getAck() != null) {
            headers.setId(message.headers().getAck());
        }
        else {
            headers.setMessageId(message.headers().getMessageId());
            headers.setSubscription(message.headers().getSubscription());
        }
        confirmed(session.acknowledge(headers, consumed));
    }

    void disconnect() {
        session.disconnect();
    }

    @Override
    public void close() {
        try {
            if (session != null && session.isConnected()) session.disconnect();
        }
        catch (MessageDeliveryException ended) {
            // The server has closed the connection, and the session does not know of it yet.
        }
        finally {
            scheduler.shutdown();
        }
    }

    @Override
    public void afterConnected(StompSession connected, StompHeaders headers) {
        connects.add(headers);
    }

    @Override
    public Type getPayloadType(StompHeaders headers) {
        String type = headers.getFirst(StompHeaders.CONTENT_TYPE);
        return type == null || type.startsWith("text/") ? String.class : byte[].class;
    }

    @Override
    public void handleFrame(StompHeaders headers, Object payload) {
        errors.add(new Frame(headers, payload));
    }

    @Override
    public void handleException(StompSession in, StompCommand command, StompHeaders headers, byte[] payload, Throwable what) {
        failures.add(what);
    }

    @Override
    public void handleTransportError(StompSession in, Throwable what) {
        failures.add(what);
    }

    /** Waits until the client takes the connection for lost. Other failures may come before. */
    void lost() throws Exception {
        while (!(take(failures) instanceof ConnectionLostException)) {
        }
    }

    static <T> T take(BlockingQueue<T> queue) throws Exception {
        T taken = queue.poll(Server.PATIENCE, TimeUnit.SECONDS);
        if (taken == null) throw new AssertionError("nothing came within " + Server.PATIENCE + " s");
        return taken;
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        try {
            return future.get(Server.PATIENCE, TimeUnit.SECONDS);
        }
        catch (ExecutionException failed) {
            throw failed.getCause() instanceof Exception cause ? cause : failed;
        }
    }
}
