// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What can be wrong where a text says what to draw: one line, before anything is computed, nothing half-written. In arguments {@code @} stands
 * for the folder of the test, {@code #} for that of the golden files.
 */
class TextBadInputTest {
    private static final Path GOLDEN = Path.of("../core/src/test/resources/golden");
    private static final String SD = "--model #/tiny-sd --steps 2 --prompt cat ";

    @TempDir
    Path folder;

    /** The exit code, the arguments and what the line must say. */
    record Case(int code, String arguments, List<String> said) {
        @Override
        public String toString() {
            return arguments;
        }
    }

    private static Case bad(int code, String arguments, String... said) {
        return new Case(code, arguments, List.of(said));
    }

    static Stream<Case> cases() {
        return Stream.of(
                bad(1, "--model @/part --prompt cat", "FooTransformer2DModel"),
                bad(1, "--model @/short --prompt cat", "diffusion_pytorch_model"),
                bad(1, "--model @/pickle.safetensors --prompt cat", "pickle.safetensors"),
                bad(1, "--model @/cut.ckpt --prompt cat", "cut.ckpt"),
                bad(1, "--model #/tiny-xl --prompt cat --lora #/text_lora/sd-kohya.safetensors", "sd-kohya", "shape"),
                bad(1, SD + "--embedding #/text/none.safetensors", "none.safetensors"),
                bad(1, SD + "--image @/none.png", "there is no picture"),
                bad(1, SD + "--image @/text.png", "no picture that can be read"),
                bad(1, SD + "--image @/cut.png", "cut.png"),
                bad(2, SD + "--image @/one.png", "--image", "1x1", "at least 2"),
                bad(2, SD + "--image @/rgb.png --strength 0", "--strength must lie in (0, 1]"),
                bad(2, SD + "--image @/rgb.png --strength 1.5", "--strength must lie in (0, 1]"),
                bad(2, SD + "--image @/rgb.png --strength 0.1", "leaves no step"),
                bad(2, SD + "--strength 0.5", "give --image too"),
                bad(2, SD + "--mask @/rgb.png", "give --image too"),
                bad(2, SD + "--image @/rgb.png --mask-padding 4", "give --mask too"),
                bad(2, SD + "--image @/rgb.png --mask @/one.png --mask-padding 4", "1x1", "same size"),
                bad(
                        2,
                        SD + "--image @/rgb.png --mask @/rgb.png --mask-padding -1",
                        "--mask-padding must be at least 0"),
                bad(1, SD + "--control #/tiny-nets/control=@/text.png", "text.png", "can be read"),
                bad(1, SD + "--control #/tiny-nets/control=@/none.png", "there is no picture"),
                bad(2, SD + "--control @/none=@/rgb.png", "there is no folder"),
                bad(2, SD + "--control @/rgb.png", "PLACE=IMAGE"),
                bad(2, SD + "--size 17x16", "--size 17x16", "multiples of 2"),
                bad(2, SD + "--size 65536x65536", "--size"),
                bad(2, SD + "--prompt \ud800", "--prompt"),
                bad(2, SD + "--prompt-syntax a1111 --prompt [a:b:0.5]", "[a:b:0.5]"),
                bad(2, SD + "--clip-skip 9", "--clip-skip"),
                bad(1, "--from @/rgb.png", "does not say how it was made"),
                bad(2, "--from #/infotext/latin.png --seed 3", "does not use --seed"),
                bad(2, "--from #/infotext/latin.jpg", "'tiny' (hash 0123456789)", "--model"));
    }

    @BeforeEach
    void write_files() throws IOException {
        picture("rgb.png", 24, 16, BufferedImage.TYPE_INT_RGB);
        picture("alpha.png", 24, 16, BufferedImage.TYPE_INT_ARGB);
        picture("one.png", 1, 1, BufferedImage.TYPE_INT_RGB);
        Files.writeString(folder.resolve("text.png"), "not a picture");
        byte[] whole = Files.readAllBytes(folder.resolve("rgb.png"));
        Files.write(folder.resolve("cut.png"), Arrays.copyOf(whole, whole.length / 2));
        byte[] checkpoint = Files.readAllBytes(GOLDEN.resolve("single_file.ckpt"));
        Files.write(folder.resolve("cut.ckpt"), Arrays.copyOf(checkpoint, checkpoint.length / 2));
        Files.write(folder.resolve("pickle.safetensors"), new byte[] {(byte) 0x80, 4, '}', '.'});
        copy("part");
        Path index = folder.resolve("part/model_index.json");
        Files.writeString(index, Files.readString(index).replace("UNet2DConditionModel", "FooTransformer2DModel"));
        copy("short");
        Path weights = folder.resolve("short/unet/diffusion_pytorch_model.safetensors");
        Files.write(weights, Arrays.copyOf(Files.readAllBytes(weights), 3000));
    }

    private void picture(String name, int width, int height, int type) throws IOException {
        BufferedImage image = new BufferedImage(width, height, type);
        for (int i = 0; i < width * height; i++) {
            image.setRGB(i % width, i / width, 0x80000000 | 0x10305 * i);
        }
        ImageIO.write(image, "png", folder.resolve(name).toFile());
    }

    private void copy(String name) throws IOException {
        Path from = GOLDEN.resolve("tiny-sd");
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(
                        file, folder.resolve(name).resolve(from.relativize(file).toString()));
            }
        }
    }

    private Command.Outcome sample(String arguments) {
        String[] words = ("sample --out @/out " + arguments).split(" ");
        return Command.run(Arrays.stream(words)
                .map(word -> word.replace("@", folder.toString()).replace("#", GOLDEN.toString()))
                .toArray(String[]::new));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void is_refused_in_one_line_and_leaves_nothing(Case bad) throws IOException {
        List<String> before = Command.tree(folder);
        Command.Outcome outcome = sample(bad.arguments());
        assertThat(outcome.err().lines().toList()).as(outcome.err()).hasSize(1);
        assertThat(outcome.err()).startsWith("diffuse: ").doesNotContain("Exception", "\tat ");
        assertThat(outcome.err()).contains(bad.said());
        assertThat(outcome.err().length()).isLessThan(700);
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(bad.code());
        assertThat(Command.tree(folder)).isEqualTo(before);
    }

    @Test
    void a_prompt_of_a_megabyte_is_refused_and_a_long_one_is_quoted_in_part() {
        for (String syntax : List.of("plain", "a1111", "comfy")) {
            Command.Outcome outcome = sample(SD + "--prompt-syntax " + syntax + " --prompt " + "cat".repeat(350_000));
            assertThat(outcome.err().lines().toList()).hasSize(1);
            assertThat(outcome.err()).contains("--prompt has 1050000 letters");
            assertThat(outcome.code()).isEqualTo(2);
        }
        Command.Outcome drawn = sample(SD + "--prompt " + "cat".repeat(3000));
        assertThat(drawn.err()).contains("it does not read '", "letters more").hasSizeLessThan(600);
        assertThat(drawn.code()).isZero();
    }

    @Test
    void an_empty_prompt_pictures_with_alpha_and_masks_of_another_size_are_allowed() throws IOException {
        Command.Outcome empty = Command.run(
                "sample",
                "--model",
                GOLDEN.resolve("tiny-sd").toString(),
                "--steps",
                "1",
                "--prompt",
                "",
                "--out",
                folder.resolve("out").toString());
        assertThat(empty.err()).isEmpty();
        picture("mask.png", 30, 20, BufferedImage.TYPE_INT_ARGB);
        BufferedImage frame = new BufferedImage(24, 16, BufferedImage.TYPE_INT_RGB);
        ImageIO.write(frame, "gif", folder.resolve("frame.gif").toFile());
        for (String given :
                List.of("--image @/alpha.png", "--image @/rgb.png --mask @/mask.png", "--image @/frame.gif")) {
            Command.Outcome drawn = sample(SD + given);
            assertThat(drawn.err()).isEmpty();
            assertThat(drawn.code()).isZero();
        }
    }
}
