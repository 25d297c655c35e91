// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Lets the library refuse threads: its calls of `pthread_create` go to `__wrap_pthread_create`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-link-arg-cdylib=-Wl,--wrap=pthread_create");
    }
}
