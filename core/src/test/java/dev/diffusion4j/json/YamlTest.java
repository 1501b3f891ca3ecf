// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class YamlTest {
    /** Each right side is what {@code json.dumps(yaml.safe_load(text))} of PyYAML 6.0.4 says. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            name: &n tiny;summary: *n                              | {"name": "tiny", "summary": "tiny"}
            a: &b 4;c: *b;d: [*b, *b]                              | {"a": 4, "c": 4, "d": [4, 4]}
            a: &g {x: 1, y: [2]};b: *g                             | {"a": {"x": 1, "y": [2]}, "b": {"x": 1, "y": [2]}}
            - &l [1, 2];- *l                                       | [[1, 2], [1, 2]]
            &k key: v;other: *k                                    | {"key": "v", "other": "key"}
            a: &k word;*k : 1                                      | {"a": "word", "word": 1}
            a: &x {p: 1, q: 2};b: {<<: *x, q: 3}                   | {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}}
            a: &x {p: 1};b: &y {p: 2, q: 2};c: {r: 3, <<: [*x, *y]} | {"a": {"p": 1}, "b": {"p": 2, "q": 2}, "c": {"p": 1, "q": 2, "r": 3}}
            a: &n ~;b: *n                                          | {"a": null, "b": null}
            """)
    void aliases_and_merge_keys_are_read_as_pyyaml_reads_them(String yaml, String json) {
        assertThat(Yaml.parse(yaml.replace(';', '\n'), "recipe")).isEqualTo(Json.parse(json, "expected"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            a: *x                   | the alias '*x' names no value before it: '&x' must mark one (line 1, column 4)
            a: &x [1, *x]           | the alias '*x' names no value before it: '&x' must mark one (line 1, column 11)
            a: 1;<<: 3              | '<<' merges groups of keys, but got 3 (line 2, column 5)
            a: 1;b: 2;a: 3          | the key 'a' is there twice (line 3, column 1)
            a: 1;---;b: 2           | a second document begins here, and only one is read (line 3, column 1)
            a:;  b: 1;\tc: 2        | a tab stands where only spaces may: indent with spaces (line 3, column 1)
            a: b: c                 | a ':' is not expected here: put the text in quotes, or mend the indentation (line 1, column 5)
            a: 1;b                  | a line is no 'key: value' (line 3, column 1)
            a:;  b: 1; c: 2         | the indentation does not fit the lines above (line 3, column 2)
            a: [1, 2                | a ',' or the closing ']' is missing (line 2, column 1)
            a: {b: 1                | a ',' or the closing '}' is missing (line 2, column 1)
            a: "b                   | a quote is opened and never closed (line 2, column 1)
            a: "\\q"                | a '\\' stands before a character that needs none: use single quotes (line 1, column 6)
            a: @b                   | '@' may not begin a value: put it in quotes (line 1, column 4)
            a: * b                  | a '*' or '&' names nothing: put the text in quotes (line 1, column 5)
            """)
    void what_cannot_be_read_is_said_in_our_words_with_its_place(String yaml, String message) {
        String text = yaml.replace(';', '\n').replace("\\t", "\t") + "\n";
        assertThatThrownBy(() -> Yaml.parse(text, "recipe"))
                .isInstanceOf(Problem.class)
                .hasMessage("recipe is not YAML: " + message);
    }

    @Test
    void a_few_aliases_cannot_become_millions_of_values() {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 10; i++) {
            bomb.append("a%d: &a%d [%s]\n".formatted(i, i, ("*a" + (i - 1) + ", ").repeat(10)));
        }
        assertThatThrownBy(() -> Yaml.parse(bomb.toString(), "card"))
                .hasMessageStartingWith(
                        "card is not YAML: it holds more than 1000000 values, those of aliases among them");
    }

    @Test
    void a_line_of_megabytes_is_refused_at_once() {
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> { // minutes without the limit
                    assertThatThrownBy(() -> Yaml.parse("name: long\nsummary: " + "x".repeat(2_000_000), "card"))
                            .isInstanceOf(Problem.class)
                            .hasMessage(
                                    "card is not read: line 2 has 2000009 characters, and at most 200000 are allowed");
                    assertThatThrownBy(() -> Yaml.parse("summary: " + "x ".repeat(3_000_000), "card"))
                            .hasMessage("card has 6000009 characters, but YAML of more than 3000000 is not read");
                    assertThat(Yaml.parseObject("a: " + "x".repeat(199_000) + "\n" + "b: 1", "card"))
                            .containsEntry("b", 1L);
                });
    }

    @Test
    void an_empty_text_is_an_empty_object() {
        assertThat(Yaml.parseObject("# nothing\n", "recipe")).isEmpty();
    }
}
