// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import dev.diffusion4j.studio.Studio;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test in the browser: a page of a fresh visitor who came in by the start address. Afterwards nothing was asked of any other machine, and the page
 * complained of nothing. With {@code -Dstudio.pictures=FOLDER} pictures of the page are left there.
 */
@ExtendWith(Browsing.class)
abstract class BrowserTest {
    private static final String AXE = "/META-INF/resources/webjars/axe-core/";
    private static final double PATIENCE = 20_000;

    private final List<String> elsewhere = Collections.synchronizedList(new ArrayList<>());
    private final List<String> complaints = Collections.synchronizedList(new ArrayList<>());
    private BrowserContext visitor;

    /** The visitor's page. */
    protected Page page;

    @BeforeEach
    final void enter() {
        visitor = visitor(ColorScheme.LIGHT, 1280, 720);
        page = visitor.newPage();
        page.navigate(studio().address().toString());
    }

    @AfterEach
    final void leave() {
        visitor.close();
        assertThat(elsewhere).as("what was asked of other machines").isEmpty();
        assertThat(complaints).as("what the page complained of").isEmpty();
    }

    /** The studio that all tests share. */
    protected static Studio studio() {
        return Browsing.shared().studio;
    }

    /** The folder that it has open: {@code models/tiny-sd}, {@code models/tiny-pipeline}, {@code loras/zog.safetensors}, {@code clips/tiny}, {@code pictures/disc.png}. */
    protected static Path folder() {
        return Browsing.shared().folder;
    }

    /** Somebody who is not in yet, with a browser window of this size. */
    protected final BrowserContext visitor(ColorScheme look, int width, int height) {
        BrowserContext context = Browsing.shared()
                .browser
                .newContext(new Browser.NewContextOptions()
                        .setColorScheme(look)
                        .setViewportSize(width, height)
                        .setReducedMotion(com.microsoft.playwright.options.ReducedMotion.REDUCE));
        context.setDefaultTimeout(PATIENCE);
        context.onRequest(request -> {
            URI address = URI.create(request.url().replaceAll("[|^\\[\\]{}\"<> ]", "_"));
            if (List.of("http", "https", "ws", "wss").contains(address.getScheme())
                    && !List.of("127.0.0.1", "localhost").contains(address.getHost())) {
                elsewhere.add(request.url());
            }
        });
        context.onConsoleMessage(message -> {
            boolean isAnswer =
                    message.text().startsWith("Failed to load resource"); // of a status that the page says itself
            if (message.type().equals("error") && !isAnswer) {
                complaints.add(message.text());
            }
        });
        context.onWebError(error -> complaints.add(error.error()));
        return context;
    }

    /** Goes to a room: {@code draw}, {@code gallery?picture=…}. */
    protected final void go(String room) {
        page.evaluate("hash => { location.hash = '#/' + hash; }", room);
        page.locator("#room[data-shown='#/" + room + "']").waitFor();
    }

    /** Until an expression is true; asked from outside, since the page's policy lets nothing ask again and again within it. */
    protected final void await(String expression) {
        page.waitForCondition(() -> Boolean.TRUE.equals(page.evaluate(expression)));
    }

    /** Leaves a picture of a page where one is asked for. */
    protected static void shoot(Page page, String name) {
        String folder = System.getProperty("studio.pictures");
        if (folder != null && !folder.isBlank()) {
            page.screenshot(new Page.ScreenshotOptions().setPath(Path.of(folder, name + ".png")));
        }
    }

    /** What axe-core finds that is serious or critical, a line each: nothing, it is hoped. */
    protected static void assertAccessible(Page page, String what) {
        page.evaluate(axe());
        Object found = page.evaluate(
                """
                async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
                    .filter(rule => rule.impact === "serious" || rule.impact === "critical")
                    .flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`))
                """);
        assertThat((List<?>) found).as("faults of " + what).isEmpty();
    }

    private static String axe() {
        try (InputStream about = Objects.requireNonNull(BrowserTest.class.getResourceAsStream(
                        "/META-INF/maven/org.webjars.npm/axe-core/pom.properties"));
                InputStream script = open(about)) {
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static InputStream open(InputStream about) throws IOException {
        java.util.Properties known = new java.util.Properties();
        known.load(about);
        return Objects.requireNonNull(
                BrowserTest.class.getResourceAsStream(AXE + known.getProperty("version") + "/axe.min.js"));
    }

    /** JSON of a route, asked as the page asks. */
    protected final Map<?, ?> json(String path) {
        return (Map<?, ?>) page.evaluate("path => fetch(path).then(answer => answer.json())", path);
    }
}
