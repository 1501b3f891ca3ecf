// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import java.nio.file.Path;

/**
 * A trained classifier that a recipe names.
 *
 * @param network on the CPU in f32; the caller closes it
 * @param weightsSha256 of its file
 */
record RecipeClassifier(Classifier network, String weightsSha256) {

    /**
     * @param key of the recipe that names it
     * @throws Problem (a wrong request) where the folder holds another network
     */
    static RecipeClassifier open(String key, Path path, ModelFamilies families) {
        PipelineFolder folder = PipelineFolder.open(path, families);
        Model model = folder.readModel(Devices.cpu(), Precision.F32, null);
        if (model instanceof Classifier classifier) {
            return new RecipeClassifier(classifier, folder.weightsSha256());
        }
        model.close();
        throw Problem.request(key + " must be the folder of a classifier, but " + path + " holds a "
                + folder.modelFamily().name());
    }
}
