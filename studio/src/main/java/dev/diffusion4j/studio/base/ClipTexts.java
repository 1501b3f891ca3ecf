// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.base;

import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.service.DiffusionService;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The guidances that look with one CLIP, by their texts. A page asks for another one with each letter that is typed: only the last ones stay, and one that
 * gave way is freed when no drawing needs it any more. Thread-safe.
 */
public final class ClipTexts implements AutoCloseable {
    private static final int MOST = 48;

    private final Path place;
    private final Consumer<String> notice;
    private final Map<String, Known> known = new LinkedHashMap<>(MOST, 0.75f, true);
    private final List<Known> gone = new ArrayList<>();
    private @Nullable Clip clip;

    /** @param kit owns what the guidance has of its own */
    private record Known(GuideKit kit, LossGuidance guidance) {}

    /**
     * The CLIP is read when the first text is met, and stays until this is closed.
     *
     * @param place its folder, or that of the run which trained it
     * @param notice receives, as one line, what was done otherwise than asked
     */
    public ClipTexts(Path place, Consumer<String> notice) {
        this.place = place;
        this.notice = notice;
    }

    /** Which guidances a service may still draw with. */
    public static Predicate<LossGuidance> usedBy(DiffusionService service) {
        return guidance -> service.jobs().stream()
                .anyMatch(job -> job.request().guidances().contains(guidance));
    }

    /**
     * Of a text such as {@code clip=a red rose:8}.
     *
     * @param isUsed whether a guidance that was given before is still needed
     * @return this object's own
     * @throws IllegalArgumentException where it is not of that form
     * @throws dev.diffusion4j.base.Problem where the CLIP cannot be read
     */
    public synchronized LossGuidance of(String text, Predicate<LossGuidance> isUsed) {
        Known before = known.get(text);
        if (before != null) {
            return before.guidance;
        }
        GuideKit kit = GuideKit.borrowing(clip(), notice);
        LossGuidance made;
        try {
            made = kit.parse(text);
        } catch (RuntimeException e) {
            kit.close();
            throw e;
        }
        known.put(text, new Known(kit, made));
        if (known.size() > MOST) {
            String oldest = known.keySet().iterator().next();
            gone.add(java.util.Objects.requireNonNull(known.remove(oldest)));
        }
        free(isUsed);
        return made;
    }

    /** What gave way stays for as many more texts again: a request that is just being read may hold it. */
    private void free(Predicate<LossGuidance> isUsed) {
        int over = gone.size() - MOST;
        for (Known each : List.copyOf(gone.subList(0, Math.max(0, over)))) {
            if (!isUsed.test(each.guidance)) {
                each.kit.close();
                gone.remove(each);
            }
        }
    }

    private Clip clip() {
        Clip read = clip == null ? Clip.load(PipelinePlace.insideRun(place), null) : clip;
        clip = read;
        return read;
    }

    /** How many are held. */
    synchronized int held() {
        return known.size() + gone.size();
    }

    /** When nothing is drawn any more. */
    @Override
    public synchronized void close() {
        known.values().forEach(each -> each.kit.close());
        known.clear();
        gone.forEach(each -> each.kit.close());
        gone.clear();
        if (clip != null) {
            clip.close();
        }
    }
}
