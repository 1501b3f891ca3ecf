// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.InvalidArgument;
import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.guidance.GuideSpec;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.guidance.loss.ClassifierLoss;
import dev.diffusion4j.guidance.loss.ClipLoss;
import dev.diffusion4j.guidance.loss.ColourLoss;
import dev.diffusion4j.guidance.loss.MaskLoss;
import dev.diffusion4j.guidance.loss.PictureLosses;
import dev.diffusion4j.image.PictureFile;
import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.image.BufferedImage;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Makes guidances of words ({@link GuideSpec}), and owns the networks and pictures that they need; close it after the last picture. */
public final class GuideKit implements AutoCloseable {
    private static final List<String> NAMES = List.of(
            "color",
            "brightness",
            "contrast",
            "saturation",
            "sharpness",
            "symmetry",
            "clip",
            "clip-image",
            "classifier",
            "mask");

    private static final List<String> PLAIN_NAMES =
            List.of("color", "colour", "brightness", "contrast", "saturation", "sharpness", "edge", "symmetry");

    /** Other words for some of them. */
    private static final Map<String, String> ALIASES = Map.of("colour", "color", "edge", "sharpness");

    private static final List<String> CLIP_NAMES = List.of("clip", "clip-image");

    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    private final Clip.@Nullable Origin clipOrigin;
    private final Consumer<String> notice;
    private @Nullable Clip clip;

    /** For losses that need no CLIP. */
    public GuideKit() {
        this(null, text -> {});
    }

    /**
     * @param clipOrigin of the CLIP that {@code clip} and {@code clip-image} look with; read when the first of them is met
     * @param notice receives, as one line, what was done otherwise than asked
     */
    public GuideKit(Clip.@Nullable Origin clipOrigin, Consumer<String> notice) {
        this.clipOrigin = clipOrigin;
        this.notice = notice;
    }

    /**
     * For losses that look with a CLIP which is the caller's, and outlives this.
     *
     * @param notice receives, as one line, what was done otherwise than asked
     */
    public static GuideKit borrowing(Clip clip, Consumer<String> notice) {
        GuideKit kit = new GuideKit(null, notice);
        kit.clip = clip;
        return kit;
    }

    /** The one of {@link #names()} that a guidance's name stands for: {@code color} for {@code colour}; any other as it is. */
    public static String nameOf(GuideSpec spec) {
        return ALIASES.getOrDefault(spec.name(), spec.name());
    }

    /** All names that {@link #parse} knows. */
    public static List<String> names() {
        return NAMES;
    }

    /** Those of them that need neither a network nor a file, so that nothing of theirs has to be closed. */
    public static List<String> plainNames() {
        return PLAIN_NAMES;
    }

    /**
     * Whether a guidance, given as text, is one of {@link #plainNames()}.
     *
     * @throws IllegalArgumentException where it is not of the form
     */
    public static boolean isPlain(String text) {
        return PLAIN_NAMES.contains(GuideSpec.parse(text).name());
    }

    /**
     * In the order given.
     *
     * @throws IllegalArgumentException where one is not of the form, or its loss is not known
     * @throws Problem where a file that it names cannot be read, or no CLIP was given
     */
    public List<LossGuidance> parseAll(List<String> texts) {
        List<LossGuidance> guidances = new ArrayList<>();
        texts.forEach(text -> guidances.add(parse(text)));
        return guidances;
    }

    /** Whether a guidance, given as text, looks at pictures with a CLIP. */
    public static boolean needsClip(String text) {
        return CLIP_NAMES.contains(GuideSpec.parse(text).name());
    }

    /**
     * One guidance.
     *
     * @throws IllegalArgumentException naming it
     */
    public LossGuidance parse(String text) {
        GuideSpec spec = GuideSpec.parse(text);
        try {
            return make(spec);
        } catch (IllegalArgumentException e) {
            String why = Worded.marked(e);
            throw why.contains(text) ? e : new InvalidArgument("the guidance '" + text + "': " + why, e);
        }
    }

    private LossGuidance make(GuideSpec spec) {
        return switch (nameOf(spec)) {
            case "color" -> spec.with(ColourLoss.parse(spec.value()), false);
            case "brightness" -> spec.with(PictureLosses.brightness(spec.number()), false);
            case "contrast" -> spec.with(PictureLosses.contrast(spec.number()), false);
            case "saturation" -> spec.with(PictureLosses.saturation(spec.number()), false);
            case "sharpness" -> spec.with(PictureLosses.sharpness(spec.number()), false);
            case "symmetry" -> spec.with(PictureLosses.symmetry(isLeftAndRight(spec)), false);
            case "clip" -> ofClip(spec, clip -> ofText(clip, spec));
            case "clip-image" -> ofClip(spec, clip -> ofPicture(clip, spec));
            case "classifier" -> spec.with(classifier(spec), false);
            case "mask" -> spec.with(own(mask(spec)), false);
            default ->
                throw new IllegalArgumentException("there is no guidance '" + spec.name() + "'"
                        + Nearest.hint(spec.name(), NAMES) + "; known are " + String.join(", ", NAMES));
        };
    }

    private static boolean isLeftAndRight(GuideSpec spec) {
        return switch (spec.value()) {
            case "left-right" -> true;
            case "top-bottom" -> false;
            default ->
                throw new IllegalArgumentException(
                        "symmetry must be left-right or top-bottom, but was '" + spec.value() + "'");
        };
    }

    private LossGuidance ofClip(GuideSpec spec, java.util.function.Function<Clip, ClipLoss> make) {
        Check.that(
                !spec.value().isEmpty(),
                "the guidance '" + spec.text() + "' does not say what the pictures are to show: write it as "
                        + (spec.name().equals("clip") ? "clip=red rose:8" : "clip-image=PICTURE.png:8"));
        boolean sourceRange = spec.isSourceRange();
        ClipLoss loss = own(make.apply(clip(spec)));
        return spec.with(sourceRange ? loss.inSourceRange() : loss, true);
    }

    private ClipLoss ofText(Clip clip, GuideSpec spec) {
        int cut = clip.tokensCut(spec.value());
        if (cut > 0) {
            notice.accept("the text '" + spec.value() + "' is " + cut + (cut == 1 ? " token" : " tokens")
                    + " longer than the " + clip.longestText() + " that this CLIP can read: its end is ignored");
        }
        return ClipLoss.ofText(clip, spec.value());
    }

    private ClipLoss ofPicture(Clip clip, GuideSpec spec) {
        BufferedImage image = PictureFile.read(path(spec.value(), spec));
        try (Tensor picture = TensorScope.ownResult(() -> PictureFile.colours(image))) {
            return ClipLoss.ofPicture(clip, picture);
        }
    }

    private Clip clip(GuideSpec spec) {
        if (clip == null) {
            if (clipOrigin == null) {
                throw Problem.request(
                        "the guidance '" + spec.text() + "' needs a CLIP: name its folder by {clipModel}, "
                                + "clip-vit-base-patch32 of transformers for example");
            }
            clip = own(Clip.load(PipelinePlace.insideRun(clipOrigin.place()), clipOrigin.activation()));
        }
        return clip;
    }

    private ClassifierLoss classifier(GuideSpec spec) {
        List<String> parts = spec.split('@');
        int label;
        try {
            label = Integer.parseInt(parts.get(1));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("the guidance '" + spec.text()
                    + "' names no class: write it as classifier=FOLDER@CLASS:SCALE, classifier=judge@3:5 for example");
        }
        PipelineFolder folder = PipelineFolder.open(PipelinePlace.insideRun(path(parts.get(0), spec)));
        Model model = own(folder.readModel(Devices.cpu(), Precision.F32, null));
        if (!(model instanceof Classifier network)) {
            throw Problem.failure(
                    parts.get(0) + " holds a " + model.modelClass().name() + ", but a classifier was expected");
        }
        network.requiresGrad(false);
        return new ClassifierLoss(network, label);
    }

    private static MaskLoss mask(GuideSpec spec) {
        List<String> parts = spec.split('@');
        BufferedImage image = PictureFile.read(path(parts.get(0), spec));
        BufferedImage shape = parts.get(1).isEmpty() ? null : PictureFile.read(path(parts.get(1), spec));
        Check.that(
                shape != null || image.getColorModel().hasAlpha(),
                "the picture of the guidance '" + spec.text()
                        + "' has no transparency that says what to keep: make what is to "
                        + "be drawn anew transparent, or name a second picture, white where the first is kept: "
                        + "mask=PICTURE.png@MASK.png:20");
        try (Tensor colours = TensorScope.ownResult(() -> PictureFile.colours(image));
                Tensor kept = TensorScope.ownResult(() -> shape == null
                        ? PictureFile.opacity(image)
                        : PictureFile.colours(shape).narrow(1, 0, 1))) {
            Check.that(
                    shape == null || shape.getWidth() == image.getWidth() && shape.getHeight() == image.getHeight(),
                    "the two pictures of the guidance '" + spec.text() + "' must be of one size");
            return new MaskLoss(colours, kept);
        }
    }

    private static Path path(String text, GuideSpec spec) {
        Check.that(!text.isEmpty(), "the guidance '" + spec.text() + "' names no file");
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(
                    "the guidance '" + spec.text() + "' names a file that cannot be: " + text);
        }
    }

    private <T extends AutoCloseable> T own(T part) {
        owned.push(part);
        return part;
    }

    @Override
    public void close() {
        while (!owned.isEmpty()) {
            try {
                owned.pop().close();
            } catch (Exception e) {
                throw new IllegalStateException("could not be closed", e);
            }
        }
    }
}
