// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.spring;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** {@code MODEL=place-of-a-model} in the environment, and pictures come from {@code http://localhost:8080/picture?prompt=a+red+cat}. */
@SpringBootApplication
public class PictureApplication {
    public static void main(String[] args) {
        SpringApplication.run(PictureApplication.class, args);
    }
}
