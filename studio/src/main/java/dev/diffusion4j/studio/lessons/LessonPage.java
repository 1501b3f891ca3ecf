// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.lessons;

import dev.diffusion4j.serve.Refusal;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.node.Heading;
import org.commonmark.node.Node;
import org.commonmark.node.Text;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.HtmlRenderer;
import org.jspecify.annotations.Nullable;

/**
 * A page of {@code docs/lessons} as steps: what stands before the first heading of the second level, and what stands below each.
 *
 * @param title of the whole
 * @param steps in their order; the first is called as the page
 */
record LessonPage(String title, List<Step> steps) {
    /** How many there are. */
    static final int COUNT = 5;

    private static final int STEP = 2;
    private static final List<TablesExtension> EXTENSIONS = List.of((TablesExtension) TablesExtension.create());

    private static final Parser PARSER = Parser.builder().extensions(EXTENSIONS).build();

    /** Whatever markup a page's text may hold is shown as text. */
    private static final HtmlRenderer RENDERER = HtmlRenderer.builder()
            .extensions(EXTENSIONS)
            .escapeHtml(true)
            .sanitizeUrls(true)
            .nodeRendererFactory(LessonMarkup::new)
            .build();

    /** They are the jar's and stay as they are: each is read once. */
    private static final Map<String, LessonPage> READ = new ConcurrentHashMap<>();

    /** One step. */
    record Step(String title, String html) {}

    /** @throws Refusal (404) where there is no such lesson */
    static LessonPage read(String number) {
        if (!number.matches("[1-" + COUNT + "]")) {
            throw Refusal.missing("there is no lesson " + number + ": there are 1 to " + COUNT);
        }
        return READ.computeIfAbsent(number, each -> of(text("/lessons/" + each + ".md")));
    }

    private static String text(String resource) {
        try (InputStream in = LessonPage.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(resource + " is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static LessonPage of(String markdown) {
        Node document = PARSER.parse(markdown);
        String title = "";
        List<Step> steps = new ArrayList<>();
        String current = "";
        StringBuilder html = new StringBuilder();
        for (@Nullable Node node = document.getFirstChild(); node != null; ) {
            Node next = node.getNext();
            if (node instanceof Heading heading && heading.getLevel() < STEP) {
                title = words(heading);
                current = title;
            } else if (node instanceof Heading heading && heading.getLevel() == STEP) {
                steps.add(new Step(current, html.toString()));
                current = words(heading);
                html.setLength(0);
            } else {
                html.append(RENDERER.render(node));
            }
            node = next;
        }
        steps.add(new Step(current, html.toString()));
        return new LessonPage(title, List.copyOf(steps));
    }

    private static String words(Node node) {
        StringBuilder text = new StringBuilder();
        for (@Nullable Node child = node.getFirstChild(); child != null; child = child.getNext()) {
            text.append(child instanceof Text word ? word.getLiteral() : words(child));
        }
        return text.toString();
    }

    Map<String, Object> toMap() {
        List<Map<String, Object>> all = new ArrayList<>();
        steps.forEach(step -> all.add(Map.of("title", step.title, "html", step.html)));
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("title", title);
        map.put("steps", all);
        return map;
    }
}
