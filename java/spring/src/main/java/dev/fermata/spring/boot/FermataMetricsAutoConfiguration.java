// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import dev.fermata.spring.FermataTaskExecutor;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.actuate.autoconfigure.metrics.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.metrics.MetricsAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** Auto-configuration of the meters of Fermata's executors, where there is a meter registry. */
@AutoConfiguration(
    after = {
      FermataAutoConfiguration.class,
      MetricsAutoConfiguration.class,
      CompositeMeterRegistryAutoConfiguration.class
    })
@ConditionalOnClass({MeterRegistry.class, MetricsAutoConfiguration.class})
@ConditionalOnBean({MeterRegistry.class, FermataProperties.class})
public class FermataMetricsAutoConfiguration {
  @Bean
  @ConditionalOnMissingBean
  FermataMetrics fermataMetrics(ListableBeanFactory beans) {
    return new FermataMetrics(beans.getBeansOfType(FermataTaskExecutor.class));
  }
}
