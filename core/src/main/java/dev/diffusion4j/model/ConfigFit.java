// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

/** How a family's config follows the data that a network is to learn from. */
@FunctionalInterface
public interface ConfigFit {

    /**
     * Fills in what the data decides of a network with fresh weights.
     *
     * @throws dev.diffusion4j.base.Problem (a wrong request) where the data does not suit the family
     */
    void fit(ConfigDraft draft);

    /** Gives the whole config of a trained network the size of the data's pictures. */
    default void resize(ConfigDraft draft) {
        draft.put("sample_size", draft.target().size().toJson());
    }
}
