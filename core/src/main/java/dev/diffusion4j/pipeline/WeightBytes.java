// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

/**
 * The bytes of a pipeline's networks, and which of them are in memory together in a call, as {@link CallNetworks} lets them go.
 *
 * @param stay which stay longer than they work
 * @param denoiser with the control networks that work in its steps
 * @param autoencoder 0 where none is used
 */
record WeightBytes(Stay stay, double denoiser, double texts, double autoencoder) {
    /** Of no pipeline. */
    static final WeightBytes NONE = new WeightBytes(new Stay(KeepNetworks.ONE, false, false, false), 0, 0, 0);

    /**
     * Which networks stay longer than they work.
     *
     * @param keeping how long they do by choice
     * @param isRepeated whether several batches are drawn one after the other
     * @param hasMoreTexts whether there are more texts than wait together, so that text encoders go only at the end
     * @param hasCodec whether the autoencoder is there while the denoiser works: it has encoded a picture, or decodes for losses
     */
    record Stay(KeepNetworks keeping, boolean isRepeated, boolean hasMoreTexts, boolean hasCodec) {
        private boolean isAlways() {
            return keeping.isLasting();
        }

        private boolean keepsDenoiser() {
            return isAlways() || keeping == KeepNetworks.CALL && isRepeated;
        }

        private boolean keepsTexts() {
            return isAlways() || keeping == KeepNetworks.CALL && hasMoreTexts;
        }

        private boolean keepsAutoencoder() {
            return hasCodec || keepsDenoiser();
        }
    }

    /** With what is there beside each network. */
    WeightBytes plus(double besideDenoiser, double besideAutoencoder) {
        return new WeightBytes(stay, denoiser + besideDenoiser, texts, autoencoder + besideAutoencoder);
    }

    /** With what each takes beside its numbers, as a factor. */
    WeightBytes times(double factor) {
        return new WeightBytes(stay, factor * denoiser, factor * texts, factor * autoencoder);
    }

    /** Whether the denoiser is there while the autoencoder works. */
    boolean isDenoiserKept() {
        return stay.keepsDenoiser();
    }

    private double reading() {
        return stay.isAlways() ? denoiser + texts + autoencoder : texts;
    }

    private double drawing() {
        return denoiser + (stay.keepsTexts() ? texts : 0) + (stay.keepsAutoencoder() ? autoencoder : 0);
    }

    private double showing() {
        return (stay.keepsDenoiser() ? denoiser : 0) + (stay.keepsTexts() ? texts : 0) + autoencoder;
    }

    /** What is there while another pipeline's networks work. */
    private double beside() {
        return (stay.keepsDenoiser() ? denoiser : 0)
                + (stay.keepsTexts() ? texts : 0)
                + (stay.keepsAutoencoder() ? autoencoder : 0);
    }

    /**
     * The most at a time.
     *
     * @param refiner of the network that ends the pictures
     * @param passes what a pass of the denoiser needs besides
     * @param refining the same of the refiner's
     * @param decoding the same of the autoencoder
     */
    double most(WeightBytes refiner, double passes, double refining, double decoding) {
        double read = Math.max(
                reading() + (refiner.stay.isAlways() ? refiner.reading() : 0),
                refiner.reading() + (stay.isAlways() || stay.keepsTexts() ? beside() : 0));
        double begun = drawing() + passes + refiner.beside();
        double ended = refiner.drawing() + refining + beside();
        double shown = showing() + decoding + refiner.beside();
        return Math.max(Math.max(read, begun), Math.max(ended, shown));
    }
}
