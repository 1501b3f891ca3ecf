// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

/** What is applied to each number after a norm; all of them work on (pixels, channels) with the channels side by side. */
public enum Curve {
    /** The number itself. */
    NONE {
        @Override
        void affine(float[] x, int pixels, int channels, float[] a, float[] b) {
            ChannelLoops.affine(x, pixels, channels, a, b, x);
        }

        @Override
        void backward(float[] gradient, float[] x, int pixels, int channels, float[] a, float[] b) {}
    },
    /** z·sigmoid(z): Elfwing et al. (2017). */
    SILU {
        @Override
        void affine(float[] x, int pixels, int channels, float[] a, float[] b) {
            ChannelLoops.affineSilu(x, pixels, channels, a, b, x);
        }

        @Override
        void backward(float[] gradient, float[] x, int pixels, int channels, float[] a, float[] b) {
            ChannelLoops.siluBackward(gradient, x, pixels, channels, a, b);
        }
    },
    /** z·Φ(z): Hendrycks &amp; Gimpel (2016). */
    GELU {
        @Override
        void affine(float[] x, int pixels, int channels, float[] a, float[] b) {
            CurveLoops.affineGelu(x, pixels, channels, a, b);
        }

        @Override
        void backward(float[] gradient, float[] x, int pixels, int channels, float[] a, float[] b) {
            CurveLoops.geluBackward(gradient, x, pixels, channels, a, b);
        }
    },
    /** max(z, 0). */
    RELU {
        @Override
        void affine(float[] x, int pixels, int channels, float[] a, float[] b) {
            CurveLoops.affineRelu(x, pixels, channels, a, b);
        }

        @Override
        void backward(float[] gradient, float[] x, int pixels, int channels, float[] a, float[] b) {
            CurveLoops.reluBackward(gradient, x, pixels, channels, a, b);
        }
    };

    /** x ← curve(a[c]·x + b[c]). */
    abstract void affine(float[] x, int pixels, int channels, float[] a, float[] b);

    /** The gradient of curve(z) becomes that of z = a[c]·x + b[c]. */
    abstract void backward(float[] gradient, float[] x, int pixels, int channels, float[] a, float[] b);
}
