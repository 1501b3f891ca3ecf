// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.decode.PictureEndings;
import dev.diffusion4j.data.source.FolderSource;
import dev.diffusion4j.data.view.CaptionedDataset;
import dev.diffusion4j.data.view.Subset;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.Precision;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The pictures of the kind that stand beside those of the thing to be learnt. Those that a folder lacks are drawn by the network as it is
 * before it learns: picture i by the i-th prompt and the i-th seed, always in the same groups, so that drawing that was stopped goes on to the same
 * bytes.
 */
final class ClassPictures {
    private static final int GROUP = 8;
    /** The note of a drawn picture that says what it was drawn by; a keyword of PNG's own. */
    private static final String PROMPT = "Description";
    /** The note that says which model drew it; those of earlier versions have none. */
    private static final String BASE = "diffusion4j.base";

    private static final Pattern DRAWN = Pattern.compile("class-(\\d{5})\\.png");

    private final Recipe recipe;
    private final DreamBoothConfig config;
    private final List<String> shown;
    private final RunParts parts;
    private final Path folder;
    private final Map<Integer, String> noted = new ConcurrentHashMap<>();
    private @Nullable List<String> prompts;
    private @Nullable FolderSource opened;

    /** @param shown what the pictures of the thing are shown under; not looked at without {@code class_words} */
    ClassPictures(Recipe recipe, DreamBoothConfig config, List<String> shown, RunFolder run, RunParts parts) {
        this.recipe = recipe;
        this.config = config;
        this.shown = shown;
        this.parts = parts;
        this.folder = folder(recipe, run);
    }

    /** Where they are, or will be. */
    static Path folder(Recipe recipe, RunFolder run) {
        DreamBoothConfig config = recipe.dreambooth();
        String named = config == null ? null : config.classPictures();
        return named == null ? run.classPictures() : Path.of(named);
    }

    /** @throws Problem (a failure) where no file can be put there */
    static void checkFolder(Path folder) {
        Path place = existing(folder);
        if (!(Files.isDirectory(place) && Files.isWritable(place))) {
            throw Problem.failure("cannot write class pictures to " + folder + ": "
                    + (Files.isDirectory(place) ? "writing to " + place + " is not allowed" : place + " is a file")
                    + "; name another folder with {dreambooth.class_pictures}");
        }
    }

    /** The folder, or the nearest above it that is there. */
    private static Path existing(Path folder) {
        Path place = folder.toAbsolutePath();
        while (!Files.exists(place) && place.getParent() != null) {
            place = place.getParent();
        }
        return place;
    }

    /** @throws Problem (a wrong request) where another model drew some of those that are there */
    void checkBase() {
        String base = BaseModel.hash(recipe.model());
        if (base == null) {
            return;
        }
        List<String> others = IntStream.range(0, config.classCount())
                .mapToObj(this::file)
                .filter(file -> Files.exists(file)
                        && !base.equals(PngFile.readNotes(file).getOrDefault(BASE, base)))
                .map(file -> String.valueOf(file.getFileName()))
                .toList();
        if (!others.isEmpty()) {
            throw Problem.request("another model than this run's base drew " + others.size()
                    + " of the class pictures in " + folder + " (" + named(others)
                    + "): delete them to have them drawn anew, or name another folder with"
                    + " {dreambooth.class_pictures}");
        }
    }

    /**
     * Looks, before anything is written, at those that are there and at what is yet to be drawn.
     *
     * @param codec beside the base, borrowed; {@code null} for pixels
     * @throws Problem as {@link #checkBase}, (a wrong request) where nothing says what they show, (a failure) where there is no room for them
     */
    void check(@Nullable SampleCodec codec) {
        checkBase();
        List<Integer> missing = missing(drawn());
        if (missing.isEmpty()) {
            return;
        }
        prompt(0);
        if (parts.group().world().isFirst()) { // which draws them
            BaseModel.pictureSize(recipe, parts, codec)
                    .ifPresent(size -> checkRoom(missing.size(), size, folder, usable()));
        }
    }

    /**
     * Looks at what they show, drawn or not yet.
     *
     * @param unread what of a text is not read, as sentences; none where it is read whole
     * @throws Problem (a wrong request) naming one that is too long
     */
    void checkTexts(Function<String, List<String>> unread) {
        List<Integer> missing = missing(drawn());
        Set<String> all = missing.stream().map(this::prompt).collect(Collectors.toCollection(LinkedHashSet::new));
        for (String text : all) {
            List<String> rest = unread.apply(text);
            if (!rest.isEmpty()) {
                throw Problem.request(
                        "the prompt '" + text + "' of class pictures is longer than the text encoder reads: "
                                + rest.get(0) + "; shorten it where it comes from ({dreambooth.class_prompts},"
                                + " {dreambooth.class_words} in the captions, or {dreambooth.class_captions})");
            }
        }
        if (hasPictures()) {
            try (Dataset there = shown(List.of(), 0)) {
                TextCaptions.check(there, unread, "shorten them, or delete the pictures");
            }
        }
    }

    private static String named(List<String> files) {
        return String.join(", ", files.subList(0, Math.min(3, files.size()))) + (files.size() > 3 ? ", ..." : "");
    }

    /**
     * Draws what is missing; nothing where all is there.
     *
     * @param stop asked within each step
     * @return whether all are there now
     * @throws Problem (a failure) where there is no room for them, they cannot be written, or the base is not what the run was set up with
     */
    boolean draw(String device, Precision dtype, RunListener listener, BooleanSupplier stop) {
        checkBase();
        int count = drawn();
        List<Integer> missing = missing(count);
        if (missing.isEmpty()) {
            return true;
        }
        List<Integer> groups =
                missing.stream().map(i -> i / GROUP * GROUP).distinct().toList();
        BaseModel.check(recipe, parts);
        try (DiffusionPipeline pipeline = BaseModel.load(recipe, parts, device, dtype)) {
            prepare(missing.size(), pipeline.check(request(List.of(prompt(0)), 0)));
            for (int first : groups) {
                draw(pipeline, first, Math.min(count, first + GROUP), stop);
                listener.onClassPictures(Math.min(count, first + GROUP), count, folder);
            }
            return true;
        } catch (CancellationException e) {
            return false;
        }
    }

    /** How many are drawn here, or will be. */
    private int drawn() {
        return Math.max(0, config.classCount() - ownPictures());
    }

    /** The numbers of those that are yet to be drawn. */
    private List<Integer> missing(int count) {
        return IntStream.range(0, count)
                .filter(i -> !Files.exists(file(i)))
                .boxed()
                .toList();
    }

    private void prepare(int missing, SampleSize size) {
        checkFolder(folder);
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw notWritten(e);
        }
        checkRoom(missing, size, folder, usable());
    }

    private Problem notWritten(IOException e) {
        return Problem.failure("cannot write class pictures to " + folder + ": " + AtomicFile.reason(e), e);
    }

    /** How many bytes have room where they are, or will be. */
    private long usable() {
        try {
            return Files.getFileStore(existing(folder)).getUsableSpace();
        } catch (IOException e) {
            throw notWritten(e);
        }
    }

    /**
     * @param size of the pictures, in pixels
     * @param free bytes
     * @throws Problem (a failure) where they might not fit
     */
    static void checkRoom(int count, SampleSize size, Path folder, long free) {
        double need = count * (3.0 * size.height() * size.width() + 4096);
        if (need > free) {
            throw Problem.failure(String.format(
                    Locale.ROOT,
                    "no room for class pictures: %d of %s pixels take up to %.1f MB, and %s has %.1f MB left; free"
                            + " some, name another folder with {dreambooth.class_pictures}, or draw fewer with"
                            + " {dreambooth.class_count}",
                    count,
                    size.text(),
                    need / 1e6,
                    folder,
                    free / 1e6));
        }
    }

    private void draw(DiffusionPipeline pipeline, int first, int end, BooleanSupplier stop) {
        List<String> texts = new ArrayList<>();
        for (int i = first; i < end; i++) {
            texts.add(prompt(i));
        }
        try (GenerationResult result = Drawing.generate(pipeline, request(texts, first), stop)) {
            List<BufferedImage> pictures = result.images();
            for (int i = first; i < end; i++) {
                if (!Files.exists(file(i))) {
                    PngFile.write(file(i), pictures.get(i - first), notes(texts.get(i - first)));
                }
            }
        }
    }

    private GenerationRequest request(List<String> texts, int first) {
        Double scale = config.classGuidanceScale();
        GenerationRequest plain = GenerationRequest.of(r -> r.prompts(texts)
                .seed(recipe.training().seed() + first)
                .steps(config.classSteps())
                .batchSize(GROUP));
        return scale == null ? plain : plain.with(r -> r.guidanceScale(scale));
    }

    private Map<String, String> notes(String prompt) {
        Map<String, String> notes = new LinkedHashMap<>();
        notes.put(PROMPT, prompt);
        String base = BaseModel.hash(recipe.model());
        if (base != null) {
            notes.put(BASE, base);
        }
        return notes;
    }

    private Path file(int number) {
        return folder.resolve(String.format(Locale.ROOT, "class-%05d.png", number));
    }

    /** How many there are that were not drawn here. */
    private int ownPictures() {
        if (!hasPictures()) {
            return 0;
        }
        int own = 0;
        List<String> bare = new ArrayList<>();
        try (FolderSource there = FolderSource.open(folder)) {
            for (int i = 0; i < there.size(); i++) {
                if (!DRAWN.matcher(there.name(i)).matches()) {
                    own++;
                    if (there.caption(i) == null) {
                        bare.add(there.name(i));
                    }
                }
            }
        }
        checkCaptions(bare, own);
        return own;
    }

    private boolean hasPictures() {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.anyMatch(ClassPictures::isPicture);
        } catch (IOException | UncheckedIOException e) {
            throw Problem.failure("cannot read " + folder + ": " + e.getMessage(), e);
        }
    }

    /** What a drawing that was killed left behind is none. */
    private static boolean isPicture(Path file) {
        String name = String.valueOf(file.getFileName());
        return !name.startsWith(".") && PictureEndings.isRead(name);
    }

    /** What the kind is called is true of each picture of it; what one of the thing's pictures shows is not. */
    private void checkCaptions(List<String> bare, int own) {
        if (!bare.isEmpty() && config.classPrompts().isEmpty() && prompts().size() > 1) {
            throw Problem.request(bare.size() + " of the " + own + " class pictures of your own in " + folder
                    + " have no caption (" + named(bare) + "): say in a metadata.jsonl what each shows, or say with"
                    + " {dreambooth.class_prompts} what they are pictures of");
        }
    }

    /** All of them, as many as are asked for; the caller closes it. */
    Dataset open() {
        FolderSource all = FolderSource.open(folder);
        opened = all;
        return all.size() > config.classCount() ? Subset.range(all, 0, config.classCount()) : all;
    }

    /** {@link #open} under what they show, with one label of several; the caller closes it. */
    Dataset shown(List<String> kinds, int label) {
        return new CaptionedDataset(open(), kinds, label, this::caption);
    }

    /** What a picture of {@link #open} shows: its own caption, or the prompt that it was drawn by. */
    String caption(int index) {
        FolderSource all = Objects.requireNonNull(opened, "open first");
        String own = all.caption(index);
        if (own != null) {
            return own;
        }
        Matcher drawn = DRAWN.matcher(all.name(index));
        return drawn.matches() ? noted.computeIfAbsent(Integer.parseInt(drawn.group(1)), this::noted) : prompt(0);
    }

    /** A drawn picture says its prompt itself: the recipe may have had others when it was drawn. */
    private String noted(int number) {
        String prompt = PngFile.readNotes(file(number)).get(PROMPT);
        return prompt == null ? prompt(number) : prompt;
    }

    private String prompt(int number) {
        List<String> known = prompts;
        if (known == null) {
            known = prompts();
            prompts = known;
        }
        return known.get(number % known.size());
    }

    /** What they show, in turn. */
    List<String> prompts() {
        List<String> all = new ArrayList<>(config.classPrompts());
        all.addAll(config.wordPrompts(shown));
        String source = config.classCaptions();
        if (source != null) {
            try (Dataset captioned = DataSources.open(source)) {
                for (int i = 0; i < captioned.size() && all.size() < config.classCount(); i++) {
                    String caption = captioned.caption(i);
                    if (caption != null) {
                        all.add(caption);
                    }
                }
                if (all.isEmpty()) {
                    throw Problem.request("dreambooth.class_captions names " + captioned.description()
                            + ", which has no captions: name data with captions, such as scenes, or give"
                            + " dreambooth.class_prompts");
                }
            }
        }
        return all;
    }
}
