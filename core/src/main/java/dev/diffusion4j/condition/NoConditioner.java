// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.Conditioning;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** For a network that draws without a condition. Classes and captions of a data set are ignored. */
public final class NoConditioner implements Conditioner {

    @Override
    public Subject.Kind takes() {
        return Subject.Kind.NOTHING;
    }

    @Override
    public void check(List<Subject> subjects, String field) {
        for (Subject subject : subjects) {
            if (subject.prompt() != null) {
                throw Problem.request("this network was not trained on words: omit {"
                        + (field.startsWith("negative") ? "negativePrompt" : "prompt") + "}");
            }
            if (subject.classLabel() != null) {
                throw Problem.request("this network was not trained on classes: omit {" + field + "}");
            }
        }
    }

    @Override
    public Conditioning encode(List<Subject> subjects) {
        return Conditioning.NONE;
    }

    @Override
    public boolean canDrop() {
        return false;
    }

    @Override
    public Conditioning drop(Conditioning conditioning, Tensor keep) {
        throw new IllegalStateException("a network without a condition has nothing to drop");
    }
}
