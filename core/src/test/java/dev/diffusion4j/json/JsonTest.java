// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.json;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
            {                    | it ends in the middle of a value (line 1, column 2)
            {"a": [1,            | it ends in the middle of a value (line 1, column 10)
            {"a": "b             | it ends in the middle of a value (line 1, column 9)
            {"a": 1 "b": 2}      | a ',' is missing before '"' (line 1, column 9)
            {"a" 1}              | a ':' is missing before '1' (line 1, column 6)
            {"a": 1,}            | '}' stands where a key in double quotes must stand (line 1, column 9)
            {a: 1}               | 'a' stands where a key in double quotes must stand (line 1, column 2)
            {"a": 'b'}           | ''' stands where a value must stand (line 1, column 7)
            {"a": True}          | 'True' is no value: a text stands in double quotes (line 1, column 7)
            {"a": 1]             | ']' closes what is not open (line 1, column 8)
            {"a": 01}            | a number is not written as JSON writes it (line 1, column 8)
            {"a": "\\q"}         | a '\\' stands before a character that needs none (line 1, column 9)
            {"a": 1} {           | more text follows the end of the value (line 1, column 11)
            {"a": 1, "a": 2}     | the key 'a' is there twice (line 1, column 16)
            """)
    void what_cannot_be_read_is_said_in_our_words_with_its_place(String json, String message) {
        assertThatThrownBy(() -> Json.parse(json, "config.json"))
                .isInstanceOf(Problem.class)
                .hasMessage("config.json is not JSON: " + message);
    }

    @ParameterizedTest
    @CsvSource({"201", "2000"})
    void what_is_nested_too_deep_is_said_so(int depth) {
        assertThatThrownBy(() -> Json.parse("[".repeat(depth), "config.json"))
                .hasMessage("config.json is not JSON: it is nested too deep, or a text or a number in it is too long");
    }
}
