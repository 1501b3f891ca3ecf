// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A LoRA and a network that takes words, from training to pictures, and the messages where they do not fit. */
class LoraAndPromptTest {
    private static final String TINY = " --set data.image_size=16 --set data.limit=32 --set training.batch_size=8"
            + " --set training.max_steps=2 --set samples.count=1 --set samples.steps=2 --set model.config.block_out_channels=[8,16]";

    @TempDir
    Path folder;

    private Command.Outcome command(String arguments) {
        return Command.run(arguments.replace("@", folder.toString()).split(" "));
    }

    private void run(String arguments) {
        Command.Outcome outcome = command(arguments);
        assertThat(outcome.err()).doesNotContain("diffuse:");
        assertThat(outcome.code()).isZero();
    }

    private void refused(int code, String arguments, String... words) {
        Command.Outcome outcome = command(arguments);
        assertThat(outcome.err()).contains(words);
        assertThat(outcome.err().strip().lines()).as(outcome.err()).hasSize(1);
        assertThat(outcome.code()).isEqualTo(code);
    }

    private byte[] picture(String path) throws IOException {
        return Files.readAllBytes(folder.resolve(path));
    }

    @Test
    void a_lora_is_trained_put_into_pictures_and_noted_in_them() throws IOException {
        run("train digits-cross-attention --data digits --out @/base" + TINY);
        String lora = "train digits-lora --data digits --out @/run --set model.from=@/base"
                + TINY.replaceAll(" --set model\\.\\S+", "");
        assertThat(command(lora).out()).contains("the LoRA is in " + folder.resolve("run/lora"));
        String sample = "sample --model @/base/model --class 3 --steps 3 --scheduler ddim --out @/";
        run(sample + "plain");
        assertThat(command(sample + "adapted --lora @/run/lora:40").err().lines())
                .contains(folder.resolve("run/lora/adapter_model.safetensors") + ": applied 18 of 18 keys");
        assertThat(picture("adapted/0000.png")).isNotEqualTo(picture("plain/0000.png"));
        run("sample --from @/adapted/0000.png --out @/again");
        assertThat(picture("again/0000.png")).isEqualTo(picture("adapted/0000.png"));

        refused(1, sample + "x --lora @/nowhere", "there is no LoRA", "nowhere");
        refused(1, sample + "x --lora @/base/model", "holds no LoRA");
        String weights = "@/base/model/unet/diffusion_pytorch_model.safetensors";
        refused(1, sample + "x --lora " + weights, "none of its", "it holds cls_emb.weight, ", " more");
        refused(2, sample + "x --lora @/run:much", "FILE:SCALE");
        refused(2, sample + "x --lora @/run/lora:50 --lora @/run:-10", "adapter_model.safetensors twice", "run:40.0");
        run("train digits-cross-attention --data digits --out @/deeper"
                + TINY.replace("[8,16]", "[4,8,16]").replace("max_steps=2", "max_steps=1"));
        refused(
                1,
                sample.replace("base", "deeper") + "x --lora @/run",
                "of its 9 LoRA layers have another shape",
                "another model");
    }

    @Test
    void words_decide_what_is_drawn() throws IOException {
        run("train shapes-cross-attention --out @/run --set samples.prompts=[]" + TINY);
        String sample = "sample --model @/run/model --steps 2 --out @/";
        String[] prompts = {"a red circle", "a blue star", "A  RED, circle!"};
        for (int i = 0; i < prompts.length; i++) {
            Command.Outcome outcome = prompt(sample + i, prompts[i]);
            assertThat(outcome.err()).doesNotContain("diffuse:");
            assertThat(outcome.code()).isZero();
        }
        assertThat(pixels(1)).isNotEqualTo(pixels(0));
        assertThat(pixels(2)).isEqualTo(pixels(0));
        run("sample --from @/1/0000.png --out @/again");
        assertThat(picture("again/0000.png")).isEqualTo(picture("1/0000.png"));

        Command.Outcome tooLong =
                prompt(sample + "long", "a red circle on a dark background on a dark background on a");
        assertThat(tooLong.code()).isZero();
        assertThat(tooLong.err()).contains("the prompt has 13 words; this network reads the first 10");
        assertThat(prompt(sample + "x", "a redd circle").err())
                .contains("does not know the word 'redd' (did you mean 'red'?)");
        assertThat(prompt(sample + "x", " ").err()).contains("the prompt is empty");
        assertThat(prompt(sample + "x", "a redd circle").code()).isEqualTo(2);
        refused(2, sample + "x", "give --prompt");
        refused(2, sample + "x --class 1", "draws what words say, not classes", "--prompt in place of --class");
        refused(
                2,
                "train digits-cross-attention --data digits --out @/none --set model.config.max_tokens=4",
                "has no captions");
    }

    private Command.Outcome prompt(String arguments, String prompt) {
        String[] parts = (arguments.replace("@", folder.toString()) + " --prompt ?").split(" ");
        parts[parts.length - 1] = prompt;
        return Command.run(parts);
    }

    private int[] pixels(int index) throws IOException {
        var image =
                javax.imageio.ImageIO.read(folder.resolve(index + "/0000.png").toFile());
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }
}
