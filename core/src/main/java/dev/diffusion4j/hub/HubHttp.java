// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import dev.diffusion4j.base.EnvironmentProxies;
import dev.diffusion4j.base.Interrupts;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigInteger;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Requests to the Hub. The token goes to the endpoint's own host and to no other, redirected or not. What fails for a moment (no
 * connection, 429, 5xx) is tried again after a pause that doubles. With {@code HF_HUB_OFFLINE} nothing is asked. Thread-safe.
 *
 * <p>By {@link HttpURLConnection}, because {@code java.net.http} takes twice as long for a large file.
 */
final class HubHttp {
    private static final int TRIES = 5;
    private static final int REDIRECTS = 10;
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(60);
    private static final Set<String> WEB = Set.of("http", "https");
    private static final Pattern DELAY = Pattern.compile("\\d{1,100}"); // a longer one is no delay
    private static final Set<Integer> REDIRECT = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> FOR_A_MOMENT = Set.of(429, 500, 502, 503, 504);
    /** With these the Hub has not begun to do what was asked. */
    private static final Set<Integer> UNTOUCHED = Set.of(429, 503);
    /** With these it may have done it all the same. */
    static final Set<Integer> IN_DOUBT = Set.of(500, 502, 504);

    /** For the answer to what must not be done twice. */
    static final Duration LONG_PATIENCE = Duration.ofMinutes(5);

    private final HubSettings settings;
    private final Duration firstPause;
    private final Duration longPatience;
    private final EnvironmentProxies proxies;

    /** @param firstPause before the second try */
    HubHttp(HubSettings settings, Duration firstPause) {
        this(settings, firstPause, LONG_PATIENCE);
    }

    /** @param longPatience with {@link #sendOnce} */
    HubHttp(HubSettings settings, Duration firstPause, Duration longPatience) {
        this.settings = settings;
        this.firstPause = firstPause;
        this.longPatience = longPatience;
        proxies = new EnvironmentProxies(settings.environment());
    }

    /** What is sent; it may be sent more than once. */
    interface Body {
        /** Nothing at all. */
        Body NONE = new Body() {
            @Override
            public long length() {
                return -1;
            }

            @Override
            public void writeTo(OutputStream out) {}
        };

        /** Bytes; −1 for no body. */
        long length();

        /** All of them. */
        void writeTo(OutputStream out) throws IOException;
    }

    /** An answer whose body is read by whoever asked, who closes it. */
    record Answer(URI address, HttpURLConnection connection, int status, InputStream body) implements AutoCloseable {
        boolean isGood() {
            return status / 100 == 2;
        }

        String header(String name) {
            String value = connection.getHeaderField(name);
            return value == null ? "" : value;
        }

        /** All of it, which must be short. */
        String text(int limit) throws IOException {
            byte[] bytes = body.readNBytes(limit + 1);
            if (bytes.length > limit) {
                throw new IOException("an answer of more than " + limit + " bytes");
            }
            return new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
        }

        @Override
        public void close() throws IOException {
            body.close();
        }
    }

    /** Follows all redirects. */
    Answer get(URI address, Map<String, String> headers) throws IOException {
        return ask(new Question("GET", Body.NONE, headers, true, true), address);
    }

    /** Follows redirects within the same host only: the headers of the first answer that leads elsewhere are what counts. */
    Answer head(URI address) throws IOException {
        return ask(new Question("HEAD", Body.NONE, Map.of("Accept-Encoding", "identity"), false, true), address);
    }

    /** With a body; not redirected. */
    Answer send(String method, URI address, Body body, Map<String, String> headers) throws IOException {
        return ask(new Question(method, body, headers, false, true), address);
    }

    /**
     * For what must not be done twice, a commit above all: sent again only where nothing was done for certain (no connection, 429,
     * 503), and waited for longer; not redirected.
     *
     * @return an answer, of which {@link #IN_DOUBT} leave open whether it was done
     * @throws LostAnswer where it was sent, and perhaps done
     */
    Answer sendOnce(URI address, Body body, Map<String, String> headers) throws IOException {
        return ask(new Question("POST", body, headers, false, false), address);
    }

    /** What is asked of an address. */
    private record Question(
            String method, Body body, Map<String, String> headers, boolean goesAnywhere, boolean mayRepeat) {
        boolean mayRepeat(int status) {
            return mayRepeat ? FOR_A_MOMENT.contains(status) : UNTOUCHED.contains(status);
        }
    }

    /** An answer that makes no sense: the network is not at fault. */
    static final class BadAnswer extends IOException {
        private static final long serialVersionUID = 1L;

        BadAnswer(String message) {
            super(message);
        }
    }

    /** A request was sent, but nobody knows whether it was done. */
    static final class LostAnswer extends IOException {
        private static final long serialVersionUID = 1L;

        LostAnswer(String message) {
            super(message);
        }

        LostAnswer(String message, IOException cause) {
            super(message, cause);
        }
    }

    private Answer ask(Question question, URI address) throws IOException {
        if (settings.offline()) {
            throw Problem.failure("HF_HUB_OFFLINE is set, so the Hub is not asked: unset it for what needs an answer");
        }
        Duration pause = firstPause;
        for (int attempt = 1; ; attempt++) {
            Answer answer;
            try {
                answer = redirected(question, address);
            } catch (LostAnswer e) {
                throw e;
            } catch (IOException e) {
                if (attempt == TRIES) {
                    throw e;
                }
                sleep(pause);
                pause = pause.multipliedBy(2);
                continue;
            }
            if (!question.mayRepeat(answer.status()) || attempt == TRIES) {
                return answer;
            }
            answer.close();
            sleep(asked(answer.header("Retry-After"), pause));
            pause = pause.multipliedBy(2);
        }
    }

    /** What the server asks for, at most a minute; a date, a negative number or anything else that is no delay is ignored. */
    static Duration asked(String retryAfter, Duration otherwise) {
        if (!DELAY.matcher(retryAfter).matches()) {
            return otherwise;
        }
        BigInteger seconds = new BigInteger(retryAfter).min(BigInteger.valueOf(LONGEST_PAUSE.toSeconds()));
        return Duration.ofSeconds(seconds.longValue());
    }

    /** Waits before the same is asked for the {@code attempt}-th time after the first. */
    void pause(int attempt) {
        Duration pause = firstPause.multipliedBy(1L << Math.min(attempt - 1, 16));
        sleep(pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause);
    }

    static void sleep(Duration pause) {
        try {
            Thread.sleep(pause.toMillis());
        } catch (InterruptedException e) {
            throw Interrupts.cancelled("while waiting for the Hub");
        }
    }

    private Answer redirected(Question question, URI address) throws IOException {
        URI at = address;
        for (int i = 0; i <= REDIRECTS; i++) {
            Answer answer = once(question, at);
            String location = answer.header("Location");
            if (!REDIRECT.contains(answer.status()) || location.isEmpty()) {
                return answer;
            }
            URI next = resolve(at, location, "a redirect that leads");
            if (!question.goesAnywhere() && !isSameHost(next, at)) {
                return answer;
            }
            answer.close();
            at = next;
        }
        throw new IOException("more than " + REDIRECTS + " redirects");
    }

    /**
     * An address that an answer names, perhaps relative to that of the question.
     *
     * @param what names it ("a redirect that leads")
     * @throws BadAnswer where it is none of http or https, or leads from https to http
     */
    static URI resolve(URI at, String location, String what) throws IOException {
        URI next;
        try {
            next = at.resolve(location);
        } catch (IllegalArgumentException e) {
            throw new BadAnswer(what + " to '" + location + "', which is no address");
        }
        if (!WEB.contains(String.valueOf(next.getScheme())) || next.getHost() == null) {
            throw new BadAnswer(what + " to '" + location + "', which is no address of http or https");
        }
        if ("https".equals(at.getScheme()) && "http".equals(next.getScheme())) {
            throw new BadAnswer(
                    what + " from https to " + next.getScheme() + "://" + next.getHost() + ", which is not encrypted");
        }
        return next;
    }

    /** As {@link #resolve}, for an address that must be whole. */
    static URI absolute(URI at, String location, String what) throws IOException {
        if (!location.contains("://")) {
            throw new BadAnswer(what + " to '" + location + "', which is no whole address");
        }
        return resolve(at, location, what);
    }

    private Answer once(Question question, URI address) throws IOException {
        HttpURLConnection connection = (HttpURLConnection)
                address.toURL().openConnection(proxies.select(address).get(0));
        connection.setInstanceFollowRedirects(false);
        connection.setUseCaches(false);
        connection.setConnectTimeout(millis(settings.patience()));
        connection.setReadTimeout(millis(patience(question)));
        connection.setRequestMethod(question.method());
        connection.setRequestProperty("User-Agent", "diffusion4j");
        question.headers().forEach(connection::setRequestProperty);
        HubToken token = settings.token();
        if (token != null && isSameHost(address, settings.endpoint())) {
            connection.setRequestProperty("Authorization", "Bearer " + token.secret());
        }
        Body body = question.body();
        if (body.length() >= 0) {
            connection.setDoOutput(true);
            connection.setFixedLengthStreamingMode(body.length()); // which also keeps Java from sending it twice
        }
        if (question.mayRepeat()) {
            return exchanged(address, connection, body);
        }
        connection.connect(); // what fails so far was not sent
        try {
            return exchanged(address, connection, body);
        } catch (IOException e) {
            throw new LostAnswer(
                    e instanceof SocketTimeoutException
                            ? "no answer within " + patience(question).toSeconds() + " s"
                            : String.valueOf(e.getMessage()),
                    e);
        }
    }

    /** As a connection takes it: at most some 24 days. */
    private static int millis(Duration patience) {
        return (int) Math.min(Integer.MAX_VALUE, patience.toMillis());
    }

    private Duration patience(Question question) {
        Duration usual = settings.patience();
        return question.mayRepeat() || usual.compareTo(longPatience) > 0 ? usual : longPatience;
    }

    private static Answer exchanged(URI address, HttpURLConnection connection, Body body) throws IOException {
        if (body.length() >= 0) {
            try (OutputStream out = connection.getOutputStream()) {
                body.writeTo(out);
            }
        }
        int status = connection.getResponseCode();
        if (status < 0) {
            throw new IOException("an answer that is no HTTP");
        }
        InputStream content = status >= 400 ? connection.getErrorStream() : connection.getInputStream();
        return new Answer(address, connection, status, content == null ? InputStream.nullInputStream() : content);
    }

    private static boolean isSameHost(URI one, URI other) {
        return Objects.equals(one.getScheme(), other.getScheme())
                && String.valueOf(one.getHost()).equalsIgnoreCase(String.valueOf(other.getHost()))
                && port(one) == port(other);
    }

    private static int port(URI address) {
        return address.getPort() >= 0 ? address.getPort() : "https".equals(address.getScheme()) ? 443 : 80;
    }
}
