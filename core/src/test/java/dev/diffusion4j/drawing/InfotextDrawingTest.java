// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.drawing.InfotextDrawing.Given;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.testing.Golden;
import dev.diffusion4j.text.PromptSyntax;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InfotextDrawingTest {
    private static final Path SD = Golden.path("tiny-sd");

    @TempDir
    Path folder;

    private final List<String> notices = new ArrayList<>();

    private Path drawn(DrawingJob job, String name) {
        Path to = folder.resolve(name);
        try (job) {
            job.draw(new FolderSink(to), StepListener.NONE, new Cancellation());
        }
        return to.resolve("0000.png");
    }

    private DrawingPlan plan(Path picture, Path model) {
        return InfotextDrawing.of(picture).orElseThrow().plan(model, LoadOptions.DEFAULT, Given.NOTHING, notices::add);
    }

    private DrawingPlan planOf(String text, LoadOptions loading, Given given) throws IOException {
        Path picture = folder.resolve("of.png");
        BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
        PngFile.write(picture, image, Map.of("parameters", text + ", Steps: 4, Seed: 1, RNG: NV, Size: 16x16"));
        return InfotextDrawing.of(picture).orElseThrow().plan(SD, loading, given, notices::add);
    }

    /** The picture again from nothing but the text that other programs read. */
    private Path again(Path picture, Path model) throws IOException {
        return again(picture, model, LoadOptions.DEFAULT, Given.NOTHING);
    }

    private Path again(Path picture, Path model, LoadOptions loading, Given given) throws IOException {
        Path bare = folder.resolve("bare.png");
        BufferedImage image = ImageIO.read(picture.toFile());
        String text = Objects.requireNonNull(PngFile.readNotes(picture).get("parameters"));
        PngFile.write(bare, image, Map.of("parameters", text));
        InfotextDrawing read = InfotextDrawing.of(bare).orElseThrow();
        DrawingPlan plan = read.plan(model, loading, given, notices::add);
        return drawn(DrawingJob.open(read, plan, HubProgress.SILENT, notices::add), "again");
    }

    private static String pixels(Path file) throws IOException {
        return Hashes.sha256(Hashes.hex(PngFile.bytes(ImageIO.read(file.toFile()), Map.of())));
    }

    @ParameterizedTest
    @CsvSource({
        "tiny-sd,dpm-multistep,use_karras_sigmas=true,PLAIN,a (red) cat,1",
        "tiny-sd,euler-ancestral,steps_offset=1,A1111,a red cat BREAK a dog,1",
        "tiny-sd,ddim,steps_offset=1,PLAIN,a red cat,0",
        "tiny-xl,lms,use_karras_sigmas=true,PLAIN,a red cat,1"
    })
    void what_is_written_for_other_programs_draws_the_same_pixels(
            String model, String scheduler, String option, PromptSyntax syntax, String prompt, int skip)
            throws IOException {
        SchedulerKind kind = Keyed.fromKey(SchedulerKind.class, scheduler, "scheduler");
        PromptSelection words =
                new PromptSelection(List.of(prompt), List.of("dog, blue"), List.of(), List.of(), skip, syntax, null);
        DrawingPlan plan = new DrawingPlan(
                Golden.path(model),
                LoadOptions.DEFAULT,
                new SchedulerSelection(kind, List.of(option), 4),
                List.of(),
                null,
                new SubjectSelection(false, null, words, 1),
                GenerationRequest.of(r -> r.seed(9).guidanceScale(4.5).size(new SampleSize(24, 16))));
        Path first = drawn(DrawingJob.open(plan, HubProgress.SILENT, line -> {}), "first");
        assertThat(pixels(again(first, Golden.path(model)))).isEqualTo(pixels(first));
        assertThat(notices).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"PLAIN,false", "PLAIN,true", "A1111,false", "A1111,true"})
    void an_adapter_counts_once_whether_its_file_is_given_or_its_folder(PromptSyntax syntax, boolean isGiven)
            throws IOException {
        Path loras = Golden.path("text_lora");
        LoraChoice lora = new LoraChoice(loras.resolve("sd-kohya.safetensors"), 0.75, 0.25);
        LoadOptions loading = LoadOptions.DEFAULT.withLoras(List.of(lora));
        PromptSelection words = new PromptSelection(List.of("a cat"), List.of(), List.of(), List.of(), 0, syntax, null);
        DrawingPlan plan = new DrawingPlan(
                SD,
                loading,
                new SchedulerSelection(SchedulerKind.DDIM, List.of("steps_offset=1"), 2),
                List.of(),
                null,
                new SubjectSelection(false, null, words, 1),
                GenerationRequest.of(r -> r.seed(9).guidanceScale(4).size(new SampleSize(24, 16))));
        Path first = drawn(DrawingJob.open(plan, HubProgress.SILENT, line -> {}), "first");
        assertThat(PngFile.readNotes(first).get("parameters"))
                .startsWith("a cat <lora:sd-kohya:0.25:0.75>\n")
                .contains("Lora hashes: \"sd-kohya: ");
        String hash = NotedLora.hashOf(lora.path()).orElseThrow();
        assertThat(NotedLora.of(first)).containsExactly(new NotedLora("sd-kohya", 0.75, 0.25, hash));
        Given given = new Given(loras.toString(), null, null, null);
        Path second = again(first, SD, isGiven ? loading : LoadOptions.DEFAULT, given);
        assertThat(pixels(second)).isEqualTo(pixels(first));
        assertThat(notices).isEmpty();
        assertThat(PngFile.readNotes(second).get("parameters")).contains("Lora hashes: \"sd-kohya: ");
    }

    @Test
    void a_text_names_its_adapters_with_scales_and_hashes_and_can_do_without_them() {
        Path picture = folder.resolve("asked.png");
        String text = "a <lora:style/hero:0.5:1> cat <lyco:thin:0.25>, Steps\nNegative prompt: <lora:x:1>dog\n"
                + "Steps: 4, Sampler: Euler, Seed: 1, RNG: NV, Size: 16x16, Version: diffusion4j,"
                + " Lora hashes: \"hero: 0123ABCDEF45, short: 12\"";
        PngFile.write(picture, new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), Map.of("parameters", text));
        assertThat(NotedLora.of(picture))
                .containsExactly(
                        new NotedLora("hero", 1, 0.5, "0123abcdef45"), new NotedLora("thin", 0.25, 0.25, null));
        PromptSelection prompts = InfotextDrawing.of(picture)
                .orElseThrow()
                .withoutLoras()
                .plan(SD, LoadOptions.DEFAULT, Given.NOTHING, notices::add)
                .subject()
                .prompts();
        assertThat(prompts.prompts()).containsExactly("a cat, Steps");
        assertThat(prompts.negatives()).containsExactly("dog");
        assertThat(notices).isEmpty();
    }

    @Test
    void a_refiner_takes_over_where_the_options_or_else_the_text_say() throws IOException {
        String text = "cat\nRefiner: xl_refiner [7440042bbd], Refiner switch at: 0.6";
        LoadOptions refined = LoadOptions.DEFAULT.withRefiner(folder);
        Given given = new Given(null, null, null, 0.7);
        assertThat(Stream.of(
                                planOf(text, refined, Given.NOTHING),
                                planOf(text, refined, given),
                                planOf(text, LoadOptions.DEFAULT, Given.NOTHING))
                        .map(plan -> plan.request().sampling().refinerStart()))
                .containsExactly(0.6, 0.7, null);
    }

    @Test
    void a_mask_that_is_lacking_and_an_unknown_emphasis_are_reported_and_strength_0_starts_from_noise()
            throws IOException {
        String text = "cat\nInpaint area: Only masked, Masked area padding: 32, Emphasis: No norm";
        planOf(text, LoadOptions.DEFAULT, Given.NOTHING);
        assertThat(notices).anySatisfy(line -> assertThat(line).contains("Inpaint area", "{mask}"));
        assertThat(notices).anySatisfy(line -> assertThat(line).contains("'No norm'", "'Original'"));
        notices.clear();
        planOf(text.replace("No norm", "None"), LoadOptions.DEFAULT, new Given(null, "a.png", "m.png", null));
        assertThat(notices).noneSatisfy(line -> assertThat(line).contains("{mask}"));
        assertThat(notices).noneSatisfy(line -> assertThat(line).contains("emphasis"));
        assertThat(planOf("cat\nDenoising strength: 0", LoadOptions.DEFAULT, Given.NOTHING)
                        .request()
                        .inputs()
                        .picture())
                .isNull();
    }

    @Test
    void another_program_s_text_says_what_to_draw() {
        DrawingPlan plan = plan(Golden.path("infotext/latin.png"), SD);
        PromptSelection prompts = plan.subject().prompts();
        assertThat(prompts.prompts()).containsExactly("a photo of a (red:1.2) cat, café\non two lines");
        assertThat(prompts.negatives()).containsExactly("[blue] dog,\nugly");
        assertThat(prompts.clipSkip()).isEqualTo(1);
        assertThat(prompts.syntax()).isEqualTo(PromptSyntax.A1111);
        assertThat(plan.request().seed()).isEqualTo(7);
        assertThat(plan.request().size()).isEqualTo(new SampleSize(24, 16));
        assertThat(plan.request().guidance().scale()).isEqualTo(4.5);
        assertThat(plan.scheduler().steps()).isEqualTo(4);
        assertThat(notices).hasSize(4).anySatisfy(line -> assertThat(line).contains("another program (v1.10.1)"));
        assertThat(notices).anySatisfy(line -> assertThat(line).contains("RNG GPU", "{rng} cuda"));
        assertThat(notices).anySatisfy(line -> assertThat(line).contains("<lora:style:0.8>", "{loras}"));
        assertThat(notices).anySatisfy(line -> assertThat(line).contains("not redone", "ADetailer model"));
    }

    @Test
    void what_cannot_be_redone_is_named_in_a_line_each() throws IOException {
        Path picture = folder.resolve("odd.png");
        String settings =
                "Steps: 9, Sampler: DPM fast, Schedule type: Align Your Steps, Seed: 1, Size: 16x16, ENSD: 31337, "
                        + "Hires upscale: 2, Denoising strength: 0.5, Variation seed: 4, Variation seed strength: 0.1, VAE: x.pt, RNG: NV, "
                        + "TI hashes: \"easynegative: c74b4e810b03\", Refiner: sdxl_refiner [7440042bbd], Regional Prompter Active: True";
        PngFile.write(
                picture, new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), Map.of("parameters", "cat\n" + settings));
        DrawingPlan plan = plan(picture, SD);
        assertThat(plan.scheduler().kind()).isNull();
        assertThat(plan.request().inputs().picture()).isNull();
        for (String word : List.of(
                "DPM fast",
                "no ENSD 31337",
                "hires fix",
                "variation seed 4",
                "x.pt",
                "easynegative",
                "sdxl_refiner",
                "Regional Prompter Active")) {
            assertThat(notices).anySatisfy(line -> assertThat(line).contains(word));
        }
        Path model = Files.writeString(folder.resolve("model.safetensors"), "no weights");
        String hashed = settings.replace("Hires upscale: 2, ", "Model: model, Model hash: 0123456789, ");
        PngFile.write(
                picture, new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), Map.of("parameters", "cat\n" + hashed));
        assertThatThrownBy(() -> plan(picture, model)).hasMessageContaining("drawn from another picture");
    }

    @Test
    void the_model_is_looked_for_beside_the_picture_and_in_a_folder_of_models() throws IOException {
        Path latin = Files.copy(Golden.path("infotext/latin.png"), folder.resolve("latin.png"));
        InfotextDrawing picture = InfotextDrawing.of(latin).orElseThrow();
        assertThatThrownBy(() -> picture.plan(null, LoadOptions.DEFAULT, Given.NOTHING, notices::add))
                .hasMessageContaining("the model 'tiny' (hash 0123456789)");
        Path file = Files.writeString(folder.resolve("tiny.safetensors"), "x");
        assertThat(picture.plan(null, LoadOptions.DEFAULT, Given.NOTHING, notices::add)
                        .model())
                .isEqualTo(file);
        assertThat(plan(latin, folder).model()).isEqualTo(file);
    }
}
