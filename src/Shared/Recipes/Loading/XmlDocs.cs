using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

namespace R1Cloud.Shared.Recipes.Loading;

/// <summary>The summaries of this assembly's XML documentation: the one place where the meaning of a field is written.</summary>
internal sealed class XmlDocs
{
    private readonly Dictionary<string, string> summaries;

    private XmlDocs(Dictionary<string, string> summaries) => this.summaries = summaries;

    /// <summary>Reads the file that the build puts beside the assembly.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    public static XmlDocs Load()
    {
        var file = Path.Combine(AppContext.BaseDirectory, typeof(XmlDocs).Assembly.GetName().Name + ".xml");
        if (!File.Exists(file)) throw new FileNotFoundException($"{file} is missing: the build writes it beside the assembly.", file);
        using var reader = XmlReader.Create(file, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
        return new(XDocument.Load(reader).Descendants("member").Where(member => member.Element("summary") is not null)
            .ToDictionary(member => (string)member.Attribute("name")!, member => Flatten(member.Element("summary")!)));
    }

    /// <summary>A type's summary.</summary>
    public string Of(Type type) => Get("T:" + type.FullName);

    /// <summary>A property's summary; an inherited property has the one of the record that declares it.</summary>
    public string Of(System.Reflection.PropertyInfo property) => Get($"P:{property.DeclaringType!.FullName}.{property.Name}");

    private string Get(string id) =>
        summaries.TryGetValue(id, out var text) ? text : throw new KeyNotFoundException($"{id} has no summary.");

    private static string Flatten(XElement summary)
    {
        var text = string.Concat(summary.Nodes().Select(node => node switch
        {
            XText words => words.Value,
            XElement reference =>
                reference.Value.Length > 0 ? reference.Value : ((string?)reference.Attribute("cref") ?? "").Split('.')[^1],
            _ => "",
        }));
        return Regex.Replace(text, @"\s+", " ").Trim();
    }
}
