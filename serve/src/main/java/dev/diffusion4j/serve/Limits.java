// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.image.SentPicture;
import dev.diffusion4j.model.SampleSize;
import java.awt.image.BufferedImage;
import org.jspecify.annotations.Nullable;

/**
 * What one request may ask for; more is refused before anything is computed.
 *
 * @param pixels of a picture
 * @param steps of denoising
 * @param count pictures
 * @param body bytes of a request
 */
public record Limits(long pixels, int steps, int count, int body) {
    /** What suits one machine that draws for a few people. */
    public static final Limits DEFAULT = new Limits(2048 * 2048, 150, 10, 32 << 20);

    /** A picture that is sent may have so many times the pixels of one that is drawn. */
    private static final int SENT = 4;

    public Limits {
        Check.positive(pixels, "{maxPixels}");
        Check.positive(steps, "{maxSteps}");
        Check.positive(count, "{maxCount}");
        Check.positive(body, "{maxBody}");
    }

    /** @throws Refusal (422) where there are too many */
    int checkedSteps(int asked) {
        if (asked > steps) {
            throw Refusal.limit("steps", "{steps} must be at most " + steps + " on this server, but was " + asked);
        }
        return asked;
    }

    /** @throws Refusal (422) where there are too many */
    int checkedCount(int asked) {
        if (asked > count) {
            throw Refusal.limit("n", "{count} must be at most " + count + " on this server, but was " + asked);
        }
        return asked;
    }

    /** @throws Refusal (422) where it is too large */
    @Nullable
    SampleSize checkedSize(@Nullable SampleSize asked) {
        if (asked != null && (long) asked.width() * asked.height() > pixels) {
            throw Refusal.limit(
                    "size",
                    "{size} must have at most " + pixels + " pixels on this server, but " + asked.text() + " has "
                            + (long) asked.width() * asked.height());
        }
        return asked;
    }

    /** As {@link #checkedSize(SampleSize)}, where a picture decides the size that is not asked for. */
    @Nullable
    SampleSize checkedSize(@Nullable SampleSize asked, BufferedImage picture) {
        if (asked == null) {
            checkedSize(new SampleSize(picture.getHeight(), picture.getWidth()));
        }
        return checkedSize(asked);
    }

    /**
     * A picture that was sent.
     *
     * @param field that held it
     * @throws Refusal (400) where it is no picture, (422) where it has too many pixels
     */
    BufferedImage picture(byte[] file, String field) {
        try {
            return SentPicture.read(file, '"' + field + '"', SENT * pixels);
        } catch (IllegalArgumentException e) {
            throw Refusal.value(field, Worded.marked(e));
        } catch (Problem e) {
            throw Refusal.limit(field, Worded.marked(e));
        }
    }
}
