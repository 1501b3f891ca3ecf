// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.file;

import dev.diffusion4j.base.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** Comma-separated text with a line of titles (RFC 4180): values may stand in quotes, and hold commas, line ends, and quotes twice. */
public final class Csv {
    private final String text;
    private int at;
    private int line = 1;

    private Csv(String text) {
        this.text = text;
    }

    /**
     * Each row by its titles; empty values are left out.
     *
     * @param row is given where the row stands, and its values
     * @throws Problem (a failure) where a row is longer than the titles, or a quote is not closed
     */
    public static void forEachRow(String text, String where, BiConsumer<String, Map<String, String>> row) {
        Csv csv = new Csv(text);
        List<String> titles = List.of();
        while (csv.at < csv.text.length()) {
            String place = where + ", line " + csv.line;
            List<String> values = csv.values(place);
            if (titles.isEmpty()) {
                titles = values;
            } else if (values.size() > 1 || !values.get(0).isEmpty()) {
                if (values.size() > titles.size()) {
                    throw Problem.failure(place + ": there are " + values.size() + " values for " + titles.size()
                            + " columns: put a value with commas in quotes");
                }
                Map<String, String> named = new LinkedHashMap<>();
                for (int i = 0; i < values.size(); i++) {
                    if (!values.get(i).isEmpty()) {
                        named.put(titles.get(i), values.get(i));
                    }
                }
                row.accept(place, named);
            }
        }
    }

    /**
     * The titles of the columns.
     *
     * @throws Problem (a failure) where a quote is not closed
     */
    public static List<String> titles(String text, String where) {
        return new Csv(text).values(where + ", line 1");
    }

    private List<String> values(String place) {
        List<String> values = new ArrayList<>();
        do {
            values.add(value(place));
        } while (at < text.length() && text.charAt(at++) == ',');
        if (at < text.length() && text.charAt(at - 1) == '\r' && text.charAt(at) == '\n') {
            at++;
        }
        line++;
        return values;
    }

    private String value(String place) {
        StringBuilder value = new StringBuilder();
        boolean quoted = at < text.length() && text.charAt(at) == '"';
        at += quoted ? 1 : 0;
        for (; at < text.length(); at++) {
            char c = text.charAt(at);
            if (quoted && c == '"') {
                if (at + 1 == text.length() || text.charAt(at + 1) != '"') {
                    quoted = false;
                    continue; // to the comma
                }
                at++;
            } else if (!quoted && (c == ',' || c == '\n' || c == '\r')) {
                break;
            }
            line += c == '\n' ? 1 : 0;
            value.append(c);
        }
        if (quoted) {
            throw Problem.failure(place + ": a quote is not closed");
        }
        return value.toString();
    }
}
