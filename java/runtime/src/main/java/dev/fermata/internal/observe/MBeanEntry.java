// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import dev.fermata.FermataExecutorMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.Function;
import javax.management.InstanceAlreadyExistsException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/** One MBean in the platform's server. The only class to link to module {@code java.management}. */
final class MBeanEntry implements AutoCloseable {
  private final MBeanServer server;
  private final ObjectName objectName;
  private final String name;

  private MBeanEntry(MBeanServer server, ObjectName objectName, String name) {
    this.server = server;
    this.objectName = objectName;
    this.name = name;
  }

  /**
   * Registers the bean that {@code bean} makes for {@code name} or for the first free number of it.
   */
  static MBeanEntry register(String name, Function<String, FermataExecutorMXBean> bean)
      throws JMException {
    MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    for (int number = 1; ; number++) {
      String unique = number == 1 ? name : name + "-" + number;
      ObjectName objectName = new ObjectName("dev.fermata:type=Executor,name=" + quoted(unique));
      try {
        server.registerMBean(bean.apply(unique), objectName);
        return new MBeanEntry(server, objectName, unique);
      } catch (InstanceAlreadyExistsException taken) {
        // The next number may be free.
      }
    }
  }

  String name() {
    return name;
  }

  @Override
  public void close() throws JMException {
    try {
      server.unregisterMBean(objectName);
    } catch (InstanceNotFoundException removedByOthers) {
      // It is gone, which is what was asked for.
    }
  }

  /** Names are the user's choice; only plain ones can stand in an object name as they are. */
  private static String quoted(String name) {
    return name.matches("[\\w .@$+-]+") ? name : ObjectName.quote(name);
  }
}
