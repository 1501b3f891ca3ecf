// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.ClassInput;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Classes by their numbers; "nothing" is a class that is dropped. */
public final class ClassConditioner implements Conditioner {
    private final ClassInput input;
    private final int numClasses;
    private final boolean canDrop;

    /**
     * @param input how the network takes classes
     * @param numClasses how many there are; of use for {@link ClassInput#COUNTED} alone
     * @param canDrop whether the network can go without its class
     */
    public ClassConditioner(ClassInput input, int numClasses, boolean canDrop) {
        this.input = input;
        this.numClasses = numClasses;
        this.canDrop = canDrop;
    }

    @Override
    public Subject.Kind takes() {
        return Subject.Kind.CLASS;
    }

    @Override
    public void check(List<Subject> subjects, String field) {
        if (input == ClassInput.VECTOR) {
            throw Problem.failure("this network takes a vector in place of a class (class_embed_type is identity):"
                    + " it can be called from Java, but no class number draws from it");
        }
        for (Subject subject : subjects) {
            if (subject.prompt() != null) {
                throw Problem.request("this network was not trained on words: omit {"
                        + (field.startsWith("negative") ? "negativePrompt" : "prompt") + "}");
            }
            Integer label = subject.classLabel();
            if (label == null) {
                throw Problem.request("this network draws " + known() + ": choose one with {" + field + "}"
                        + (field.equals("class") && input == ClassInput.COUNTED ? ", or all of them" : ""));
            }
            if (label < 0 || input == ClassInput.COUNTED && label >= numClasses) {
                throw Problem.request("{" + field + "} " + label + " does not exist: this network draws " + known());
            }
        }
    }

    private String known() {
        return input == ClassInput.COUNTED
                ? "one of " + numClasses + " classes, 0 to " + (numClasses - 1)
                : "a class that is any whole number from 0";
    }

    /** {@code int64 (B)}; a picture without a class is dropped where the network can drop it. */
    @Override
    public Conditioning encode(List<Subject> subjects) {
        long[] labels = new long[subjects.size()];
        double[] keep = new double[subjects.size()];
        boolean all = true;
        for (int i = 0; i < labels.length; i++) {
            Integer label = subjects.get(i).classLabel();
            if (label == null && !canDrop) {
                throw new IllegalArgumentException(
                        "picture " + i + " of the batch has no class, and this network cannot go without one");
            }
            labels[i] = label == null ? 0 : label;
            keep[i] = label == null ? 0 : 1;
            all &= label != null;
        }
        Conditioning classes = Conditioning.ofClasses(Tensors.ofLongs(labels));
        return all ? classes : classes.withKeep(Tensors.ofDoubles(keep));
    }

    @Override
    public boolean canDrop() {
        return canDrop;
    }

    @Override
    public Conditioning drop(Conditioning conditioning, Tensor keep) {
        return Dropping.with(conditioning, keep, canDrop);
    }
}
