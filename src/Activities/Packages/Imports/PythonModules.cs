using System.Collections.Frozen;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Imports;

/// <summary>The modules that Python packages bring: for well-known ones whose modules have another name than the package that name, else the package's own with <c>_</c> for <c>-</c>.</summary>
internal static class PythonModules
{
    private static readonly FrozenDictionary<string, string[]> Known = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["ansible-core"] = ["ansible"],
        ["apache-airflow"] = ["airflow"],
        ["attrs"] = ["attr", "attrs"],
        ["beautifulsoup4"] = ["bs4"],
        ["django-cors-headers"] = ["corsheaders"],
        ["django-filter"] = ["django_filters"],
        ["djangorestframework"] = ["rest_framework"],
        ["djangorestframework-simplejwt"] = ["rest_framework_simplejwt"],
        ["faiss-cpu"] = ["faiss"],
        ["gitpython"] = ["git"],
        ["google-cloud-storage"] = ["google.cloud.storage"],
        ["grpcio"] = ["grpc"],
        ["ipython"] = ["IPython"],
        ["markdown-it-py"] = ["markdown_it"],
        ["mysql-connector-python"] = ["mysql.connector"],
        ["mysqlclient"] = ["MySQLdb"],
        ["opencv-contrib-python"] = ["cv2"],
        ["opencv-contrib-python-headless"] = ["cv2"],
        ["opencv-python"] = ["cv2"],
        ["opencv-python-headless"] = ["cv2"],
        ["pillow"] = ["PIL"],
        ["protobuf"] = ["google.protobuf"],
        ["psycopg2-binary"] = ["psycopg2"],
        ["pycrypto"] = ["Crypto"],
        ["pycryptodome"] = ["Crypto"],
        ["pycryptodomex"] = ["Cryptodome"],
        ["pyjwt"] = ["jwt"],
        ["pymupdf"] = ["fitz", "pymupdf"],
        ["pynacl"] = ["nacl"],
        ["pyopenssl"] = ["OpenSSL"],
        ["pypdf2"] = ["PyPDF2"],
        ["pysaml2"] = ["saml2"],
        ["pyserial"] = ["serial"],
        ["python-dateutil"] = ["dateutil"],
        ["python-docx"] = ["docx"],
        ["python-dotenv"] = ["dotenv"],
        ["python-jose"] = ["jose"],
        ["python-ldap"] = ["ldap"],
        ["python-multipart"] = ["multipart", "python_multipart"],
        ["pytorch-lightning"] = ["pytorch_lightning", "lightning"],
        ["pyyaml"] = ["yaml"],
        ["pyzmq"] = ["zmq"],
        ["ruamel-yaml"] = ["ruamel.yaml"],
        ["scikit-learn"] = ["sklearn"],
        ["setuptools"] = ["setuptools", "pkg_resources"],
        ["tensorflow-cpu"] = ["tensorflow"],
        ["tensorflow-gpu"] = ["tensorflow"],
        ["websocket-client"] = ["websocket"],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static IReadOnlyList<string> Of(string package)
    {
        var name = PythonName.Normalize(package);
        return Known.TryGetValue(name, out var modules) ? modules : [name.Replace('-', '_')];
    }
}
