// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

/**
 * How long the networks of a pipeline with several stay in memory. The pictures are the same. Control networks are there when the denoiser is. A call whose prompts ask for adapters has all of
 * them in memory together until it ends.
 */
public enum KeepNetworks {
    /** For the next call: an application draws many times. */
    ALWAYS,
    /** For the next call, as long as the store that they are leased of has room; read when a call first needs them: several models share the memory. */
    STORE,
    /** Until the call has no more use for each: text encoders go before the denoiser is loaded, the denoiser before the last pictures are decoded. */
    CALL,
    /** One at a time, read again wherever it is needed again: the least memory. */
    ONE;

    /** Whether they stay when a call ends. */
    boolean isLasting() {
        return this == ALWAYS || this == STORE;
    }
}
