package applylens;

import java.util.Map;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.core.WhitespaceTokenizer;
import org.apache.lucene.analysis.ngram.EdgeNGramTokenFilter;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;

/** Stands in for the parts of the module analysis-common that our mapping needs and the server of the tests lacks. */
public class StandIn extends Plugin implements AnalysisPlugin {
	@Override
	public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
		return Map.of("whitespace", (index, env, name, settings) ->
			TokenizerFactory.newFactory(name, () -> new WhitespaceTokenizer(settings.getAsInt("max_token_length", 255))));
	}

	@Override
	public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
		return Map.of(
			"edge_ngram", (index, env, name, settings) -> new AbstractTokenFilterFactory(name, settings) {
				@Override
				public TokenStream create(TokenStream in) {
					return new EdgeNGramTokenFilter(in, settings.getAsInt("min_gram", 1), settings.getAsInt("max_gram", 2), false);
				}
			},
			"pattern_capture", (index, env, name, settings) -> new AbstractTokenFilterFactory(name, settings) {
				@Override
				public TokenStream create(TokenStream in) {
					Pattern[] patterns = settings.getAsList("patterns").stream().map(Pattern::compile).toArray(Pattern[]::new);
					return new PatternCaptureGroupTokenFilter(in, settings.getAsBoolean("preserve_original", true), patterns);
				}
			});
	}
}
