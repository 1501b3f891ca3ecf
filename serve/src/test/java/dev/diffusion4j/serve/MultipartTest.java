// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.entry;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Bodies of forms, as RFC 2046, section 5.1.1, and RFC 7578 have them. */
class MultipartTest {
    private static final String TYPE = "multipart/form-data; boundary=b";

    private static String part(String name, String content) {
        return "Content-Disposition: form-data; name=\"" + name + "\"; filename=\"x\"\r\n\r\n" + content;
    }

    private static Multipart read(String body, String type) {
        return Multipart.read(body.getBytes(StandardCharsets.ISO_8859_1), type);
    }

    private static String content(Multipart parts, String name) {
        return new String(parts.files(name).get(0), StandardCharsets.ISO_8859_1);
    }

    @Test
    void what_begins_like_the_boundary_within_a_picture_does_not_end_it() {
        String content = "\r\n--bar\r\n--b?\r\n-- b\r\n--b-\r\n x--b\r\n--\r\n--bb--";
        assertThat(content(read("--b\r\n" + part("image", content) + "\r\n--b--", TYPE), "image"))
                .isEqualTo(content);
    }

    @Test
    void what_stands_before_the_first_part_and_after_the_last_does_not_count() {
        String body = "before --b\r\n--b \t\r\n" + part("a", "") + "\r\n--b\r\n" + part("c", "\r\n")
                + "\r\n--b--\r\nafter\r\n--b\r\n";
        Multipart parts = read(body, "Multipart/Form-Data; charset=utf-8; boundary=\"b\"");
        assertThat(content(parts, "a")).isEmpty();
        assertThat(content(parts, "c")).isEqualTo("\r\n");
        assertThat(read("--b--", TYPE).files()).isEmpty();
    }

    @Test
    void texts_of_one_name_are_kept_in_their_order() {
        String body = "--b\r\nContent-Disposition: form-data; name=\"a[]\"\r\n\r\n1\r\n"
                + "--b\r\nContent-Disposition: form-data; name=\"a[]\"\r\n\r\n2\r\n--b--";
        assertThat(read(body, TYPE).texts()).containsOnly(entry("a[]", List.of("1", "2")));
    }

    @Test
    void a_body_has_two_hundred_parts_at_most_and_an_end() {
        String one = "--b\r\n" + part("a", "1") + "\r\n";
        assertThat(read(one.repeat(200) + "--b--", TYPE).files("a")).hasSize(200);
        for (String wrong :
                new String[] {one.repeat(201) + "--b--", one, "", "--b", "--b\r\n", "--bb--", one + "--b"}) {
            assertThatExceptionOfType(Refusal.class).isThrownBy(() -> read(wrong, TYPE));
        }
    }

    /** All of a few letters, where a search that starts again at each place takes longest. */
    @Test
    void bytes_are_found_where_a_plain_search_finds_them() {
        Random random = new Random(7);
        for (int i = 0; i < 2000; i++) {
            String all = letters(random, random.nextInt(60));
            String some = letters(random, 1 + random.nextInt(6));
            int from = random.nextInt(all.length() + 1);
            assertThat(new ByteSearch(some.getBytes(StandardCharsets.US_ASCII))
                            .find(all.getBytes(StandardCharsets.US_ASCII), from))
                    .as(some + " in " + all + " from " + from)
                    .isEqualTo(all.indexOf(some, from));
        }
    }

    private static String letters(Random random, int count) {
        StringBuilder letters = new StringBuilder();
        for (int i = 0; i < count; i++) {
            letters.append(random.nextInt(3) == 0 ? 'b' : 'a');
        }
        return letters.toString();
    }
}
