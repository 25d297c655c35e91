// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import dev.fermata.spring.FermataTaskExecutor;
import java.util.Map;
import org.springframework.beans.factory.config.ConstructorArgumentValues;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.context.annotation.ImportBeanDefinitionRegistrar;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotationMetadata;

/**
 * Registers the executors of {@code spring.fermata.executors}, each as the bean of its name.
 *
 * <p>They are beans for those who ask by name: not candidates where just an executor is asked for,
 * so adding one changes neither which executor is the default nor what conditions find.
 */
final class NamedExecutorsRegistrar implements ImportBeanDefinitionRegistrar {
  private final Environment environment;

  NamedExecutorsRegistrar(Environment environment) {
    this.environment = environment;
  }

  @Override
  public void registerBeanDefinitions(
      AnnotationMetadata importing, BeanDefinitionRegistry registry) {
    Binder.get(environment)
        .bind(
            FermataProperties.EXECUTORS,
            Bindable.mapOf(String.class, FermataExecutorProperties.class))
        .orElseGet(Map::of)
        .keySet()
        .forEach(name -> register(name, registry));
  }

  private static void register(String name, BeanDefinitionRegistry registry) {
    String property = FermataProperties.EXECUTORS + "." + name;
    if (registry.isBeanNameInUse(name)) {
      throw new InvalidConfigurationPropertyValueException(
          property,
          name,
          "Another bean has the name of this executor"
              + origin(name, registry)
              + ". Give the executor another name; the default executor is configured under "
              + FermataProperties.PREFIX
              + " itself.");
    }
    RootBeanDefinition definition = new RootBeanDefinition(FermataTaskExecutor.class);
    definition.setFactoryBeanName(FermataAutoConfiguration.EXECUTORS_BEAN_NAME);
    definition.setFactoryMethodName("namedExecutor");
    ConstructorArgumentValues arguments = new ConstructorArgumentValues();
    arguments.addIndexedArgumentValue(0, name);
    definition.setConstructorArgumentValues(arguments);
    definition.setDefaultCandidate(false);
    definition.setResourceDescription("the property " + property);
    registry.registerBeanDefinition(name, definition);
  }

  private static String origin(String name, BeanDefinitionRegistry registry) {
    String origin =
        registry.containsBeanDefinition(name)
            ? registry.getBeanDefinition(name).getResourceDescription()
            : null;
    return origin == null ? "" : " (" + origin + ")";
  }
}
