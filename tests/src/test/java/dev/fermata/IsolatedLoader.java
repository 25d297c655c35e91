// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;

/** A second copy of everything on the class path, as a session cluster has one for each job. */
public final class IsolatedLoader {
  private IsolatedLoader() {}

  /** Returns a new class loader that shares nothing with this one but the JDK. */
  public static URLClassLoader open() {
    List<URL> classPath = new ArrayList<>();
    for (String element : System.getProperty("java.class.path").split(File.pathSeparator)) {
      try {
        classPath.add(new File(element).toURI().toURL());
      } catch (MalformedURLException e) {
        throw new AssertionError(element, e);
      }
    }
    return new URLClassLoader(classPath.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
  }
}
