using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Tokenizers;

/// <summary>Text to token ids and back.</summary>
internal interface ITokenizer
{
    /// <summary>Number of token ids; ids are below it.</summary>
    int VocabularySize { get; }

    /// <summary>The id that fills rows up; never part of a text.</summary>
    int PadId { get; }

    /// <summary>The id that a text begins with, or null when texts begin with none.</summary>
    int? BosId { get; }

    /// <summary>The id that ends a completion.</summary>
    int EosId { get; }

    /// <summary>The ids of a text, without begin and end marks.</summary>
    /// <exception cref="BadInputException">The text holds something that the vocabulary lacks.</exception>
    int[] Encode(string text);

    /// <summary>The text of some ids; begin, end and padding leave no trace.</summary>
    string Decode(ReadOnlySpan<int> ids);

    /// <summary>Writes the tokenizer's files in Hugging Face layout.</summary>
    /// <param name="folder">An existing folder.</param>
    void Save(string folder);
}
