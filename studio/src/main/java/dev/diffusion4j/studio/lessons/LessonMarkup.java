// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.lessons;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.commonmark.node.HtmlBlock;
import org.commonmark.node.Image;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.node.Text;
import org.commonmark.renderer.NodeRenderer;
import org.commonmark.renderer.html.HtmlNodeRendererContext;
import org.commonmark.renderer.html.HtmlWriter;
import org.jspecify.annotations.Nullable;

/** What in a page means something else in the studio: places for controls, links to other lessons, pictures that are in the jar. */
final class LessonMarkup implements NodeRenderer {
    private static final Pattern LIVE = Pattern.compile("<!-- live: ([a-z]+)((?: [\\w=.-]+)*) -->");
    private static final Pattern LESSON = Pattern.compile("([1-5])\\.md");
    private static final Pattern DOCUMENT = Pattern.compile("(\\.\\./)*[\\w./-]+\\.md(#[\\w-]+)?");
    private static final String PICTURES = "../images/lessons/";

    private final HtmlNodeRendererContext context;
    private final HtmlWriter html;

    LessonMarkup(HtmlNodeRendererContext context) {
        this.context = context;
        this.html = context.getWriter();
    }

    @Override
    public Set<Class<? extends Node>> getNodeTypes() {
        return Set.of(HtmlBlock.class, Image.class, Link.class);
    }

    @Override
    public void render(Node node) {
        if (node instanceof HtmlBlock block) {
            block(block.getLiteral());
        } else if (node instanceof Image image) {
            image(image);
        } else if (node instanceof Link link) {
            link(link);
        }
    }

    /** Comments are not shown; those that begin with {@code live:} are a control's place. */
    private void block(String literal) {
        for (String line : literal.lines().toList()) {
            Matcher live = LIVE.matcher(line.strip());
            if (live.matches()) {
                html.line();
                Map<String, String> attributes = new LinkedHashMap<>();
                attributes.put("class", "live");
                attributes.put("data-live", live.group(1));
                attributes.put("data-with", live.group(2).strip());
                html.tag("div", attributes);
                html.tag("/div");
                html.line();
            } else if (!line.strip().startsWith("<!--")) {
                html.text(line);
            }
        }
    }

    private void image(Image image) {
        String place = image.getDestination();
        Map<String, String> attributes = new LinkedHashMap<>();
        attributes.put(
                "src",
                place.startsWith(PICTURES)
                        ? LessonsRoom.PICTURES + context.encodeUrl(place.substring(PICTURES.length()))
                        : "");
        attributes.put("alt", "");
        attributes.put("loading", "lazy");
        html.tag("img", attributes, true);
        html.tag("span", Map.of("class", "caption"));
        html.text(words(image));
        html.tag("/span");
    }

    /** Other documents are not in the studio: they are named. */
    private void link(Link link) {
        String place = link.getDestination();
        Matcher lesson = LESSON.matcher(place);
        if (lesson.matches()) {
            html.tag("a", Map.of("href", "#/lessons/" + lesson.group(1)));
            children(link);
            html.tag("/a");
        } else if (!DOCUMENT.matcher(place).matches()) {
            children(link);
        } else {
            html.tag("span", Map.of("class", "document", "title", "docs/" + place.replaceAll("^(\\.\\./)+", "")));
            children(link);
            html.tag("/span");
        }
    }

    private void children(Node node) {
        for (@Nullable Node child = node.getFirstChild(); child != null; child = child.getNext()) {
            context.render(child);
        }
    }

    private static String words(Node node) {
        StringBuilder text = new StringBuilder();
        for (@Nullable Node child = node.getFirstChild(); child != null; child = child.getNext()) {
            text.append(child instanceof Text word ? word.getLiteral() : words(child));
        }
        return text.toString();
    }
}
