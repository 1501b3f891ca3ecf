// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

/**
 * The bytes of a pipeline's networks, and which of them are in memory together in a call, as {@link CallNetworks} lets them go.
 *
 * @param isRepeated whether several batches are drawn one after the other
 * @param autoencoder 0 where none is used
 */
record WeightBytes(KeepNetworks keeping, boolean isRepeated, double denoiser, double texts, double autoencoder) {
    /** Of no pipeline. */
    static final WeightBytes NONE = new WeightBytes(KeepNetworks.ONE, false, 0, 0, 0);

    /** With other networks that work in its steps and go with it. */
    WeightBytes withDenoiser(double bytes) {
        return new WeightBytes(keeping, isRepeated, bytes, texts, autoencoder);
    }

    /** What stays from the first to the last. */
    private double always() {
        return keeping == KeepNetworks.ALWAYS ? denoiser + texts + autoencoder : 0;
    }

    /** Whether the denoiser is there while the autoencoder works. */
    boolean isDenoiserKept() {
        return keeping == KeepNetworks.ALWAYS || keeping == KeepNetworks.CALL && isRepeated;
    }

    /** What is there while another pipeline's networks work. */
    private double beside() {
        return keeping != KeepNetworks.ALWAYS && isDenoiserKept() ? denoiser + autoencoder : always();
    }

    /**
     * The most at a time.
     *
     * @param refiner of the network that ends the pictures
     * @param drawing what a pass of the denoiser needs besides
     * @param refining the same of the refiner's
     * @param decoding the same of the autoencoder
     */
    double most(WeightBytes refiner, double drawing, double refining, double decoding) {
        double reading = Math.max(
                Math.max(texts, always()) + refiner.always(), Math.max(refiner.texts, refiner.always()) + always());
        double begun = Math.max(denoiser, beside()) + drawing + refiner.beside();
        double ended = Math.max(refiner.denoiser, refiner.beside()) + refining + beside();
        double shown = Math.max(autoencoder, beside()) + decoding + refiner.beside();
        return Math.max(Math.max(reading, begun), Math.max(ended, shown));
    }
}
