// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.checkpoint.RunManifest;
import dev.diffusion4j.drawing.InfotextDrawing.Given;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.request.Control;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.NoiseMode;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.NoiseGenerator;
import dev.diffusion4j.text.PromptSyntax;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written for other programs, in the order of create_infotext in A1111's processing.py, version 1.10. */
class InfotextNoteTest {
    private static final InfotextHashes HASHES =
            new InfotextHashes("sd15", "0123456789", Map.of("style", "aaa", "hero", "bbb", "other", "ccc"));

    @TempDir
    Path folder;

    private static Infotext text(int index, Consumer<RequestDraft> edit) {
        GenerationNote note = new GenerationNote(
                "models/sd15.safetensors",
                SchedulerKind.EULER.className(),
                SchedulerKind.EULER.create(Map.of()).config(),
                index,
                GenerationRequest.of(r -> edit.accept(
                        r.seed(5).steps(20).guidanceScale(7).prompt("cat").promptSyntax(PromptSyntax.A1111))),
                List.of(),
                List.of("loras/style.safetensors:te=0.5:unet=1"),
                null,
                List.of(),
                "org/some-vae",
                "xl_refiner.safetensors",
                null,
                null);
        return InfotextNote.of(note, new SampleSize(24, 16), HASHES);
    }

    @Test
    void settings_stand_in_the_order_of_a1111() {
        Infotext text = text(0, r -> r.prompt("cat <lora:hero:1>")
                .loraDir("loras")
                .picture("a.png")
                .strength(0.5)
                .clipSkip(1)
                .control(List.of(Control.ofOwn("edges.png"), Control.of("org/canny", "edges.png")))
                .refinerStart(0.75));
        String control = "Weight: 1, Guidance Start: 0, Guidance End: 1\"";
        assertThat(text.toText())
                .isEqualTo("cat <lora:hero:1> <lora:style:0.5:1>\nSteps: 20, Sampler: Euler, Schedule type: Uniform, "
                        + "CFG scale: 7, Seed: 5, Size: 16x24, Model hash: 0123456789, Model: sd15, VAE: org/some-vae, "
                        + "Denoising strength: 0.5, Clip skip: 2, RNG: CPU, ControlNet 0: \"Module: none, Model: controlnet, "
                        + control + ", ControlNet 1: \"Module: none, Model: org/canny, " + control
                        + ", Refiner: xl_refiner, Refiner switch at: 0.75, Lora hashes: \"style: aaa, hero: bbb\", "
                        + "Version: diffusion4j " + RunManifest.libraryVersion());
    }

    @Test
    void notes_for_others_have_names_in_place_of_paths_and_are_else_the_same() {
        Consumer<RequestDraft> edit = r -> r.prompt("a cat, Model: x, <lora:hero:1>")
                .loraDir("/srv/loras")
                .picture("/srv/a.png")
                .strength(0.5)
                .mask("/srv/b.png")
                .control(List.of(Control.ofOwn("/srv/edges.png"), Control.of("/srv/canny", "/srv/edges.png")));
        GenerationNote note = new GenerationNote(
                "/srv/sd15.safetensors",
                SchedulerKind.EULER.className(),
                SchedulerKind.EULER.create(Map.of()).config(),
                0,
                GenerationRequest.of(r -> edit.accept(r.promptSyntax(PromptSyntax.A1111))),
                List.of("color=#ff0000:40"),
                List.of("/srv/style.safetensors:te=0.5:unet=1"),
                "/srv/config",
                List.of("/srv/word.pt"),
                "/srv/vae",
                "/srv/refiner.safetensors",
                "/srv/clip",
                null);
        String manifest = new RunManifest("1", "cpu", "f32", "hash", Records.toMap(note)).toText();
        String text = text(0, edit).toText();

        Map<String, String> others = NotesForOthers.of(Map.of("parameters", text, "diffusion4j", manifest), "my, own");

        assertThat(others.get("parameters"))
                .isEqualTo(text.replace(", Model: sd15, ", ", Model: \"my, own\", "))
                .isNotEqualTo(text);
        assertThat(others.get("diffusion4j"))
                .isEqualTo(manifest.replace("\"/srv/loras\"", "null")
                        .replace("/srv/sd15.safetensors", "my, own")
                        .replace("style.safetensors:te=0.5:unet=1\"", "style:te=0.5:unet=1.0\"")
                        .replace("refiner.safetensors", "refiner")
                        .replace("/srv/", ""));
    }

    @Test
    void a_card_of_known_size_has_no_name_there() {
        assertThat(text(0, r -> r.rng(NoiseGenerator.CUDA)).get("RNG")).isEqualTo("NV");
        assertThat(text(0, r -> r.rng(NoiseGenerator.cuda(132, 2048))).get("RNG"))
                .isNull();
    }

    @Test
    void pictures_of_one_stream_of_noise_have_the_seed_of_their_batch() {
        Infotext text = text(2, r -> r.prompts(List.of("a", "b", "c")).count(3).noise(NoiseMode.SHARED));
        assertThat(text.prompt()).startsWith("c ");
        assertThat(text.get("Seed")).isEqualTo("5");
        assertThat(text.get("Batch pos")).isEqualTo("2");
        List<String> notices = new ArrayList<>();
        new InfotextDifferences(text, folder)
                .report(LoadOptions.DEFAULT, new InfotextLoras(text, List.of(), null), Given.NOTHING, notices::add);
        assertThat(notices).anySatisfy(line -> assertThat(line).contains("{noise} shared, picture 2"));
    }

    @Test
    void a_model_has_the_name_that_it_was_given_by() throws IOException {
        Path cached = Path.of("/cache/models--org--sd-v1.5/snapshots/" + "0".repeat(40));
        assertThat(InfotextNames.of(cached)).isEqualTo("org/sd-v1.5");
        assertThat(InfotextNames.of(cached.resolve("vae"))).isEqualTo("org/sd-v1.5");
        assertThat(InfotextNames.of(Path.of("org/sd-v1.5@" + "0".repeat(40)))).isEqualTo("org/sd-v1.5");
        assertThat(InfotextNames.ofLora(Path.of("org/style@" + "0".repeat(40)))).isEqualTo("style");
        assertThat(InfotextNames.ofLora(Path.of("/loras/style.v2.safetensors"))).isEqualTo("style.v2");
        Path model = Files.createDirectories(folder.resolve("flowers/model"));
        Files.createFile(model.resolve("model_index.json"));
        assertThat(InfotextNames.of(model)).isEqualTo("model");
        Files.createFile(folder.resolve("flowers/recipe.yaml"));
        assertThat(InfotextNames.of(model)).isEqualTo("flowers");
        Path vae = Files.createDirectories(model.resolve("vae"));
        assertThat(InfotextNames.of(vae)).isEqualTo("flowers");
        Path file = Files.createFile(model.resolve("v1-5.safetensors"));
        assertThat(InfotextNames.of(file)).isEqualTo("v1-5");
    }
}
