// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prompts from a file or a pipe, and the adapters that they name: the pictures of the same call with everything on the command line. */
class PromptsFileTest {
    private static final String GOLDEN = "../core/src/test/resources/golden/";
    private static final String SAMPLE =
            "sample --model " + GOLDEN + "tiny-sd --steps 2 --scheduler ddim --count 2 --out ";

    @TempDir
    Path folder;

    private Command.Outcome sample(String arguments, String... texts) {
        String[] words = (SAMPLE + folder + "/" + arguments).split(" ");
        for (int i = 0, text = 0; i < words.length; i++) {
            words[i] = words[i].equals("?") ? texts[text++] : words[i];
        }
        return Command.run(words);
    }

    private void drawn(Command.Outcome outcome) {
        assertThat(outcome.err()).doesNotContain("diffuse:");
        assertThat(outcome.code()).isZero();
    }

    private void assertSame(String one, String other, int pictures) {
        for (int i = 0; i < pictures; i++) {
            assertThat(folder.resolve(one + "/000" + i + ".png"))
                    .hasSameBinaryContentAs(folder.resolve(other + "/000" + i + ".png"));
        }
        assertThat(folder.resolve(one + "/000" + pictures + ".png")).doesNotExist();
    }

    @Test
    void a_file_and_a_pipe_draw_what_repeated_prompts_draw() throws IOException {
        Path file = folder.resolve("list.txt");
        Files.writeString(file, "# a list\na red cat\n\n{\"prompt\": \"a dog\", \"negative_prompt\": \"fog\"}\n");
        drawn(sample("flags --prompt ? --prompt ? --negative-prompt rain --negative-prompt fog", "a red cat", "a dog"));
        drawn(sample("file --prompts-file ? --negative-prompt rain", file.toString()));
        assertSame("file", "flags", 4);
        InputStream before = System.in;
        try {
            System.setIn(new ByteArrayInputStream(Files.readString(file).getBytes(StandardCharsets.UTF_8)));
            drawn(sample("pipe --prompts-file - --negative-prompt rain"));
        } finally {
            System.setIn(before);
        }
        assertSame("pipe", "flags", 4);

        Command.Outcome both = sample("x --prompt a --prompts-file ?", file.toString());
        assertThat(both.err()).contains("--prompt and --prompts-file both say what to draw");
        assertThat(both.code()).isEqualTo(2);
        Files.writeString(file, "a cat\n{\"prompt\": \"a\", \"steps\": 3}\n");
        Command.Outcome bad = sample("x --prompts-file ?", file.toString());
        assertThat(bad.err()).contains("--prompts-file " + file + ": line 2 has the key 'steps'");
        assertThat(bad.err().strip().lines()).hasSize(1);
        assertThat(bad.code()).isEqualTo(2);
        assertThat(folder.resolve("x")).doesNotExist();
    }

    @Test
    void each_picture_gets_the_adapters_that_its_prompt_names_as_if_they_were_given() {
        String lora = GOLDEN + "text_lora";
        Command.Outcome named = sample(
                "named --prompt-syntax a1111 --lora-dir " + lora + " --prompt ? --prompt ?",
                "a cat<lora:sd-kohya:0.7>",
                "a dog");
        drawn(named);
        assertThat(named.err()).contains("sd-kohya.safetensors: applied 27 of 27 keys");
        drawn(Command.run("sample", "--from", folder + "/named/0001.png", "--out", folder + "/again"));
        assertThat(folder.resolve("again/0000.png")).hasSameBinaryContentAs(folder.resolve("named/0001.png"));

        Command.Outcome unknown =
                sample("x --prompt-syntax a1111 --lora-dir " + lora + " --prompt ?", "a cat <lora:sd-kohia:1>");
        assertThat(unknown.err())
                .contains("--lora-dir " + lora + " holds no adapter 'sd-kohia'; did you mean sd-kohya");
        assertThat(unknown.code()).isEqualTo(2);
        Command.Outcome nowhere = sample("x --prompt-syntax comfy --prompt ?", "a cat <lora:sd-kohya:1>");
        assertThat(nowhere.err()).contains("--prompt asks for the adapter 'sd-kohya'", "--lora-dir");
        Command.Outcome plain = sample("x --lora-dir " + lora + " --prompt ?", "a cat <lora:sd-kohya:1>");
        assertThat(plain.err()).contains("which are words in --prompt-syntax plain: choose a1111 or comfy");
        assertThat(plain.code()).isEqualTo(2);
    }
}
