// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.data.Dataset;

/** Whether a network that learns classes finds one with each picture. */
final class ClassLabels {
    private ClassLabels() {}

    /**
     * Looks at all pictures' classes; one that cannot be read is left for later.
     *
     * @param learner what learns the classes, for the message
     * @throws Problem (a wrong request) naming the first picture without a class, and how many there are
     */
    static void check(Dataset dataset, String learner) {
        int classes = dataset.classNames().size();
        int without = 0;
        int first = -1;
        for (int i = 0; i < dataset.size(); i++) {
            int label = label(dataset, i);
            if (label < 0 || label >= classes) {
                first = without == 0 ? i : first;
                without++;
            }
        }
        if (without > 0) {
            int label = label(dataset, first);
            throw Problem.request(dataset.description() + ": " + dataset.name(first)
                    + (label < 0 ? " has no class (-1 or null)" : " has the class " + label + " of " + classes)
                    + (without == 1 ? "" : ", as have " + (without - 1) + " more of " + dataset.size())
                    + ", but this recipe's " + learner + " learns the class of every picture, 0 to " + (classes - 1)
                    + ": take the pictures out, give them a class, or use a recipe without classes");
        }
    }

    private static int label(Dataset dataset, int index) {
        try {
            return dataset.label(index);
        } catch (BrokenExampleException e) {
            return 0;
        }
    }
}
