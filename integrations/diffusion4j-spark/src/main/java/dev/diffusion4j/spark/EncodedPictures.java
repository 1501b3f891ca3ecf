// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.decode.DecodeException;
import dev.diffusion4j.data.decode.ImageDecoder;
import java.util.List;

/**
 * A few pictures' files in memory, without classes.
 *
 * @param files the bytes of each
 */
record EncodedPictures(List<byte[]> files) implements Dataset {
    @Override
    public String description() {
        return size() + " pictures";
    }

    @Override
    public int size() {
        return files.size();
    }

    @Override
    public int channels() {
        return 3;
    }

    @Override
    public int naturalSize() {
        return 64;
    }

    @Override
    public List<String> classNames() {
        return List.of();
    }

    @Override
    public int label(int index) {
        return -1;
    }

    @Override
    public Example example(int index) {
        try {
            return new Example(ImageDecoder.decode(files.get(index).clone()), -1, null); // decoding may change them
        } catch (DecodeException e) {
            throw new BrokenExampleException(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public String fingerprint() {
        return Hashes.sha256(description());
    }
}
