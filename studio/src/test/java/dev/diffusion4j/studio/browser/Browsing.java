// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.browser;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import dev.diffusion4j.studio.Studio;
import dev.diffusion4j.studio.StudioConfig;
import dev.diffusion4j.studio.train.TinyDiffuse;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** One browser and one studio for all tests that need them; where there is no Chromium, they are skipped and say so. */
final class Browsing implements BeforeAllCallback {
    private static final Path GOLDEN = Path.of("../core/src/test/resources/golden");
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(Browsing.class);

    /** What all share. */
    static final class Shared implements AutoCloseable {
        final Path folder;
        final Studio studio;
        private final Playwright playwright;
        final Browser browser;

        private Shared(Path chromium) {
            folder = fixture();
            studio = Studio.start(StudioConfig.DEFAULT.with(c -> {
                c.port = 0;
                c.folders = List.of(folder);
                c.command = TinyDiffuse.command();
            }));
            PlaywrightAssertions.setDefaultAssertionTimeout(30_000); // a JVM that is cold, on cores that are shared
            playwright = Playwright.create(
                    new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
            browser = playwright
                    .chromium()
                    .launch(new BrowserType.LaunchOptions()
                            .setExecutablePath(chromium)
                            .setArgs(List.of("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")));
        }

        @Override
        public void close() throws IOException {
            browser.close();
            playwright.close();
            studio.close();
            dev.diffusion4j.base.AtomicFile.deleteTree(folder);
        }
    }

    private static Shared shared;

    static Shared shared() {
        return shared;
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        Optional<Path> chromium = chromium();
        Assumptions.assumeTrue(
                chromium.isPresent(),
                "there is no Chromium: apt-get install chromium, to test the studio in a browser");
        shared = context.getRoot()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent("shared", key -> new Shared(chromium.orElseThrow()), Shared.class);
    }

    private static Optional<Path> chromium() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(java.io.File.pathSeparator))
                .map(folder -> Path.of(folder, "chromium"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** A folder with two tiny models, a LoRA, a CLIP and some pictures. */
    private static Path fixture() {
        try {
            Path folder = Files.createTempDirectory("studio").resolve("work");
            copy(GOLDEN.resolve("tiny-sd"), folder.resolve("models/tiny-sd"));
            copy(GOLDEN.resolve("tiny-pipeline"), folder.resolve("models/tiny-pipeline"));
            Files.createDirectories(folder.resolve("loras"));
            Files.copy(GOLDEN.resolve("text_lora/sd-kohya.safetensors"), folder.resolve("loras/zog.safetensors"));
            copy(GOLDEN.resolve("clip/quick"), folder.resolve("clips/tiny"));
            Files.createDirectories(folder.resolve("pictures"));
            ImageIO.write(disc(), "png", folder.resolve("pictures/disc.png").toFile());
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static BufferedImage disc() {
        BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(new Color(40, 80, 180));
        graphics.fillRect(0, 0, 64, 64);
        graphics.setColor(Color.ORANGE);
        graphics.fillOval(16, 16, 32, 32);
        graphics.dispose();
        return image;
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path file : (Iterable<Path>) all::iterator) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
    }
}
