"""The fixed text of an edition, in 50 languages. Other languages use the English text, with their own dates."""

from collections.abc import Mapping
from types import MappingProxyType

from newsletter.messages.localized import in_own_digits

_KEYS = (
    "week", "contents", "more", "empty", "browser", "preferences", "unsubscribe", "reason", "rest",
    "read_on", "share", "forward", "minutes", "sponsor", "news", "correction",
)  # fmt: skip

# In the order of the keys above. {title} is the newsletter's title, {count} a number of posts or minutes, and {first}
# the first headline.
_TABLE = {
    "nb": (
        "uke", "I denne utgaven", "Flere saker", "Ingen nye saker denne gangen.", "Les i nettleseren",
        "Innstillinger", "Meld deg av", "Du får denne e-posten fordi du abonnerer på {title}.",
        "Flere saker på nettstedet ({count})",
        "Les mer", "Del", "Videresend e-posten", "{count} min lesetid", "Annonse",
        "{first}, og {count} til",
        "Rettelse",
    ),
    "nn": (
        "veke", "I denne utgåva", "Fleire saker", "Ingen nye saker denne gongen.", "Les i nettlesaren",
        "Innstillingar", "Meld deg av", "Du får denne e-posten fordi du abonnerer på {title}.",
        "Fleire saker på nettstaden ({count})",
        "Les meir", "Del", "Vidaresend e-posten", "{count} min lesetid", "Annonse",
        "{first}, og {count} til",
        "Retting",
    ),
    "en": (
        "week", "In this edition", "More posts", "No new posts this time.", "View in browser",
        "Preferences", "Unsubscribe", "You received this email because you subscribed to {title}.",
        "More posts on the website ({count})",
        "Read on", "Share", "Forward this email", "{count} min read", "Sponsored",
        "{first}, and {count} more",
        "Correction",
    ),
    "sv": (
        "vecka", "I den här utgåvan", "Fler inlägg", "Inga nya inlägg den här gången.", "Läs i webbläsaren",
        "Inställningar", "Avsluta prenumerationen", "Du får det här mejlet för att du prenumererar på {title}.",
        "Fler inlägg på webbplatsen ({count})",
        "Läs mer", "Dela", "Vidarebefordra mejlet", "{count} min läsning", "Annons",
        "{first} och {count} till",
        "Rättelse",
    ),
    "da": (
        "uge", "I denne udgave", "Flere indlæg", "Ingen nye indlæg denne gang.", "Læs i browseren",
        "Indstillinger", "Afmeld", "Du får denne mail, fordi du abonnerer på {title}.",
        "Flere indlæg på hjemmesiden ({count})",
        "Læs mere", "Del", "Videresend mailen", "{count} min. læsetid", "Annonce",
        "{first} og {count} til",
        "Rettelse",
    ),
    "de": (
        "Woche", "In dieser Ausgabe", "Weitere Beiträge", "Diesmal keine neuen Beiträge.", "Im Browser lesen",
        "Einstellungen", "Abmelden", "Sie erhalten diese E-Mail, weil Sie {title} abonniert haben.",
        "Weitere Beiträge auf der Website ({count})",
        "Weiterlesen", "Teilen", "E-Mail weiterleiten", "{count} Min. Lesezeit", "Anzeige",
        "{first} und {count} weitere",
        "Berichtigung",
    ),
    "fr": (
        "semaine", "Dans ce numéro", "Autres articles", "Pas de nouvel article cette fois-ci.",
        "Lire dans le navigateur", "Préférences", "Se désabonner",
        "Vous recevez cet e-mail dans le cadre de votre abonnement à {title}.",
        "Autres articles sur le site ({count})",
        "Lire la suite", "Partager", "Transférer cet e-mail", "{count} min de lecture", "Publicité",
        "{first}, et {count} de plus",
        "Rectificatif",
    ),
    "es": (
        "semana", "En esta edición", "Más artículos", "Esta vez no hay artículos nuevos.", "Leer en el navegador",
        "Preferencias", "Darse de baja", "Recibe este correo porque se suscribió a {title}.",
        "Más artículos en la web ({count})",
        "Seguir leyendo", "Compartir", "Reenviar este correo", "{count} min de lectura", "Publicidad",
        "{first} y {count} más",
        "Corrección",
    ),
    "bg": (
        "седмица", "В този брой", "Още публикации", "Този път няма нови публикации.", "Преглед в браузъра",
        "Предпочитания", "Отписване", "Получавате този имейл, защото сте абонирани за {title}.",
        "Още публикации на сайта ({count})", "Прочетете още", "Споделяне", "Препратете имейла", "{count} мин. четене",
        "Реклама", "{first} и още {count}",
        "Поправка",
    ),
    "cs": (
        "týden", "V tomto vydání", "Další příspěvky", "Tentokrát žádné nové příspěvky.", "Zobrazit v prohlížeči",
        "Předvolby", "Odhlásit odběr", "Tento e-mail dostáváte, protože odebíráte {title}.",
        "Další příspěvky na webu ({count})", "Číst dál", "Sdílet", "Přeposlat e-mail", "{count} min čtení", "Reklama",
        "{first} a další ({count})",
        "Oprava",
    ),
    "el": (
        "εβδομάδα", "Σε αυτό το τεύχος", "Περισσότερες αναρτήσεις", "Δεν υπάρχουν νέες αναρτήσεις αυτή τη φορά.",
        "Προβολή στο πρόγραμμα περιήγησης", "Προτιμήσεις", "Διαγραφή",
        "Λαμβάνετε αυτό το email επειδή έχετε εγγραφεί στο {title}.",
        "Περισσότερες αναρτήσεις στον ιστότοπο ({count})", "Διαβάστε περισσότερα", "Κοινοποίηση",
        "Προώθηση του email", "{count} λεπ. ανάγνωσης", "Διαφήμιση", "{first} και {count} ακόμη",
        "Διόρθωση",
    ),
    "et": (
        "nädal", "Selles numbris", "Veel postitusi", "Seekord uusi postitusi pole.", "Ava brauseris", "Eelistused",
        "Loobu tellimusest", "Saate selle kirja, sest olete tellinud uudiskirja {title}.",
        "Veel postitusi veebilehel ({count})", "Loe edasi", "Jaga", "Edasta see kiri", "{count} min lugemist",
        "Reklaam", "{first} ja veel {count}",
        "Parandus",
    ),
    "fi": (
        "viikko", "Tässä numerossa", "Lisää kirjoituksia", "Tällä kertaa ei ole uusia kirjoituksia.",
        "Avaa selaimessa", "Asetukset", "Peruuta tilaus",
        "Saat tämän viestin, koska olet tilannut julkaisun {title}.", "Lisää kirjoituksia sivustolla ({count})",
        "Lue lisää", "Jaa", "Välitä viesti eteenpäin", "{count} min lukuaika", "Mainos", "{first} – ja {count} lisää",
        "Oikaisu",
    ),
    "ga": (
        "seachtain", "San eagrán seo", "Tuilleadh postálacha", "Níl aon phostáil nua ann an uair seo.",
        "Féach sa bhrabhsálaí", "Roghanna", "Díliostáil",
        "Fuair tú an ríomhphost seo mar go bhfuil síntiús agat le {title}.",
        "Tuilleadh postálacha ar an suíomh gréasáin ({count})", "Léigh tuilleadh", "Comhroinn",
        "Cuir an ríomhphost seo ar aghaidh", "{count} nóim. léitheoireachta", "Fógra", "{first} agus {count} eile",
        "Ceartúchán",
    ),
    "hr": (
        "tjedan", "U ovom izdanju", "Više objava", "Ovaj put nema novih objava.", "Otvori u pregledniku", "Postavke",
        "Odjava", "Primate ovu e-poštu jer ste pretplaćeni na {title}.", "Više objava na web-stranici ({count})",
        "Pročitaj više", "Podijeli", "Proslijedi ovu poruku", "{count} min čitanja", "Oglas", "{first} i još {count}",
        "Ispravak",
    ),
    "hu": (
        "hét", "Ebben a számban", "További bejegyzések", "Ezúttal nincs új bejegyzés.", "Megtekintés böngészőben",
        "Beállítások", "Leiratkozás", "Azért kapta ezt az e-mailt, mert feliratkozott erre: {title}.",
        "További bejegyzések a webhelyen ({count})", "Tovább", "Megosztás", "E-mail továbbítása",
        "{count} perc olvasás", "Hirdetés", "{first} és még {count}",
        "Helyesbítés",
    ),
    "is": (
        "vika", "Í þessu tölublaði", "Fleiri færslur", "Engar nýjar færslur að þessu sinni.", "Skoða í vafra",
        "Stillingar", "Afskrá", "Þú færð þennan póst vegna þess að þú ert í áskrift að {title}.",
        "Fleiri færslur á vefnum ({count})", "Lesa meira", "Deila", "Áframsenda póstinn", "{count} mín. lestur",
        "Auglýsing", "{first} og {count} til viðbótar",
        "Leiðrétting",
    ),
    "it": (
        "settimana", "In questo numero", "Altri articoli", "Questa volta nessun nuovo articolo.", "Apri nel browser",
        "Preferenze", "Annulla l'iscrizione", "Ricevi questa email in base alla tua iscrizione a {title}.",
        "Altri articoli sul sito ({count})", "Continua a leggere", "Condividi", "Inoltra questa email",
        "{count} min di lettura", "Pubblicità", "{first} e {count} in più",
        "Rettifica",
    ),
    "lt": (
        "savaitė", "Šiame numeryje", "Daugiau įrašų", "Šį kartą naujų įrašų nėra.", "Skaityti naršyklėje",
        "Nuostatos", "Atsisakyti prenumeratos", "Šį laišką gavote, nes prenumeruojate „{title}“.",
        "Daugiau įrašų svetainėje ({count})", "Skaityti toliau", "Dalytis", "Persiųsti šį laišką",
        "{count} min. skaitymo", "Reklama", "{first} ir dar {count}",
        "Patikslinimas",
    ),
    "lv": (
        "nedēļa", "Šajā izdevumā", "Citi raksti", "Šoreiz jaunu rakstu nav.", "Skatīt pārlūkprogrammā", "Iestatījumi",
        "Atteikties no abonementa", "Šo e-pastu saņemat, jo abonējat {title}.", "Citi raksti vietnē ({count})",
        "Lasīt tālāk", "Kopīgot", "Pārsūtīt e-pastu", "Lasāms {count} min", "Reklāma", "{first} un vēl {count}",
        "Labojums",
    ),
    "mt": (
        "ġimgħa", "F'din il-ħarġa", "Aktar artikli", "Din id-darba m'hemmx artikli ġodda.", "Ara fil-brawżer",
        "Preferenzi", "Neħħi l-abbonament", "Irċevejt din l-email għax int abbonat ma' {title}.",
        "Aktar artikli fuq is-sit ({count})", "Kompli aqra", "Aqsam", "Ibgħat din l-email lil ħaddieħor",
        "{count} min qari", "Reklam", "{first} u {count} aktar",
        "Korrezzjoni",
    ),
    "nl": (
        "week", "In deze editie", "Meer berichten", "Deze keer geen nieuwe berichten.", "Bekijken in browser",
        "Voorkeuren", "Uitschrijven", "U ontvangt deze e-mail omdat u bent ingeschreven voor {title}.",
        "Meer berichten op de website ({count})", "Lees verder", "Delen", "Deze e-mail doorsturen",
        "{count} min. leestijd", "Advertentie", "{first} en {count} meer",
        "Rectificatie",
    ),
    "pl": (
        "tydzień", "W tym wydaniu", "Więcej wpisów", "Tym razem nie ma nowych wpisów.", "Otwórz w przeglądarce",
        "Ustawienia", "Wypisz się", "Otrzymujesz tę wiadomość, ponieważ subskrybujesz {title}.",
        "Więcej wpisów w serwisie ({count})", "Czytaj dalej", "Udostępnij", "Przekaż tę wiadomość",
        "{count} min czytania", "Reklama", "{first} i jeszcze {count}",
        "Sprostowanie",
    ),
    "pt": (
        "semana", "Nesta edição", "Mais artigos", "Desta vez não há artigos novos.", "Ver no navegador",
        "Preferências", "Cancelar a subscrição", "Recebeu este e-mail porque subscreveu {title}.",
        "Mais artigos no site ({count})", "Continuar a ler", "Partilhar", "Reencaminhar este e-mail",
        "{count} min de leitura", "Publicidade", "{first} e mais {count}",
        "Correção",
    ),
    "pt-br": (
        "semana", "Nesta edição", "Mais artigos", "Desta vez não há artigos novos.", "Ver no navegador",
        "Preferências", "Cancelar inscrição", "Você recebeu este e-mail porque se inscreveu em {title}.",
        "Mais artigos no site ({count})", "Continuar lendo", "Compartilhar", "Encaminhar este e-mail",
        "{count} min de leitura", "Publicidade", "{first} e mais {count}",
        "Correção",
    ),
    "ro": (
        "săptămâna", "În această ediție", "Alte articole", "De data aceasta nu sunt articole noi.", "Vezi în browser",
        "Preferințe", "Dezabonare", "Primești acest e-mail pentru că te-ai abonat la {title}.",
        "Alte articole pe site ({count})", "Citește mai departe", "Distribuie", "Redirecționează acest e-mail",
        "{count} min de lectură", "Publicitate", "{first} și încă {count}",
        "Rectificare",
    ),
    "sk": (
        "týždeň", "V tomto vydaní", "Ďalšie príspevky", "Tentoraz žiadne nové príspevky.", "Zobraziť v prehliadači",
        "Nastavenia", "Zrušiť odber", "Tento e-mail ste dostali, pretože odoberáte {title}.",
        "Ďalšie príspevky na webe ({count})", "Čítať ďalej", "Zdieľať", "Preposlať e-mail", "{count} min čítania",
        "Reklama", "{first} a ďalšie ({count})",
        "Oprava",
    ),
    "sl": (
        "teden", "V tej številki", "Več objav", "Tokrat ni novih objav.", "Odpri v brskalniku", "Nastavitve",
        "Odjava", "To e-pošto prejemate, ker ste naročeni na {title}.", "Več objav na spletnem mestu ({count})",
        "Preberi več", "Deli", "Posreduj to e-pošto", "{count} min branja", "Oglas", "{first} in še {count}",
        "Popravek",
    ),
    "uk": (
        "тиждень", "У цьому випуску", "Інші дописи", "Цього разу нових дописів немає.", "Переглянути в браузері",
        "Налаштування", "Відписатися", "Ви отримали цей лист, бо підписані на {title}.",
        "Інші дописи на сайті ({count})", "Читати далі", "Поділитися", "Переслати лист", "{count} хв читання",
        "Реклама", "{first} і ще {count}",
        "Виправлення",
    ),
    "ru": (
        "неделя", "В этом выпуске", "Другие записи", "На этот раз новых записей нет.", "Открыть в браузере",
        "Настройки", "Отписаться", "Вы получили это письмо, потому что подписаны на {title}.",
        "Другие записи на сайте ({count})", "Читать далее", "Поделиться", "Переслать письмо", "{count} мин чтения",
        "Реклама", "{first} и ещё {count}",
        "Исправление",
    ),
    "tr": (
        "hafta", "Bu sayıda", "Diğer yazılar", "Bu kez yeni yazı yok.", "Tarayıcıda görüntüle", "Tercihler",
        "Abonelikten çık", "Bu e-postayı {title} aboneliğiniz nedeniyle aldınız.",
        "Web sitesindeki diğer yazılar ({count})", "Devamını oku", "Paylaş", "Bu e-postayı ilet", "{count} dk okuma",
        "Reklam", "{first} ve {count} yazı daha",
        "Düzeltme",
    ),
    "ar": (
        "الأسبوع", "في هذا العدد", "المزيد من المقالات", "لا توجد مقالات جديدة هذه المرة.", "عرض في المتصفح",
        "التفضيلات", "إلغاء الاشتراك", "وصلتك هذه الرسالة لأنك مشترك في {title}.",
        "المزيد من المقالات على الموقع ({count})", "تابع القراءة", "مشاركة", "إعادة توجيه هذه الرسالة",
        "مدة القراءة: {count} د", "إعلان", "{first} و{count} أخرى",
        "تصحيح",
    ),
    "he": (
        "שבוע", "בגיליון הזה", "פוסטים נוספים", "הפעם אין פוסטים חדשים.", "לצפייה בדפדפן", "העדפות", "הסרה מהרשימה",
        "קיבלת את ההודעה הזאת כי נרשמת אל {title}.", "פוסטים נוספים באתר ({count})", "להמשך קריאה", "שיתוף",
        "העברת ההודעה", "{count} דק׳ קריאה", "מודעה", "{first} ועוד {count}",
        "תיקון",
    ),
    "hi": (
        "सप्ताह", "इस अंक में", "और पोस्ट", "इस बार कोई नई पोस्ट नहीं है।", "ब्राउज़र में देखें", "प्राथमिकताएँ",
        "सदस्यता छोड़ें", "आपको यह ईमेल इसलिए मिला क्योंकि आपने {title} की सदस्यता ली है।",
        "वेबसाइट पर और पोस्ट ({count})", "आगे पढ़ें", "साझा करें", "यह ईमेल आगे भेजें", "{count} मिनट का पाठ",
        "विज्ञापन", "{first} और {count} अन्य",
        "सुधार",
    ),
    "ja": (
        "週", "今号の内容", "その他の記事", "今回は新しい記事がありません。", "ブラウザで表示", "設定",
        "配信停止", "このメールは{title}を購読されている方にお送りしています。",
        "ウェブサイトのその他の記事 ({count})", "続きを読む", "共有", "このメールを転送", "読了時間 {count} 分",
        "広告", "{first} ほか {count} 件",
        "訂正",
    ),
    "ko": (
        "주", "이번 호", "더 많은 글", "이번에는 새 글이 없습니다.", "브라우저에서 보기", "환경설정",
        "구독 취소", "{title}을(를) 구독하셔서 이 이메일을 보내드립니다.",
        "웹사이트의 다른 글 ({count})", "계속 읽기", "공유", "이 이메일 전달하기", "읽는 시간 {count}분",
        "광고", "{first} 외 {count}건",
        "정정",
    ),
    "zh-hans": (
        "周", "本期内容", "更多文章", "本期没有新文章。", "在浏览器中查看", "偏好设置", "退订",
        "您收到此邮件是因为您订阅了 {title}。", "网站上的更多文章 ({count})",
        "继续阅读", "分享", "转发此邮件", "阅读时间 {count} 分钟", "广告", "{first}，另有 {count} 篇",
        "更正",
    ),
    "zh-hant": (
        "週", "本期內容", "更多文章", "本期沒有新文章。", "在瀏覽器中檢視", "偏好設定", "取消訂閱",
        "您收到此郵件是因為您訂閱了 {title}。", "網站上的更多文章 ({count})",
        "繼續閱讀", "分享", "轉寄此郵件", "閱讀時間 {count} 分鐘", "廣告", "{first}，另有 {count} 篇",
        "更正",
    ),
    "vi": (
        "tuần", "Trong số này", "Thêm bài viết", "Lần này không có bài viết mới.", "Xem trong trình duyệt",
        "Tùy chọn", "Hủy đăng ký", "Bạn nhận được email này vì đã đăng ký {title}.",
        "Thêm bài viết trên trang web ({count})", "Đọc tiếp", "Chia sẻ", "Chuyển tiếp email này", "{count} phút đọc",
        "Quảng cáo", "{first} và {count} bài khác",
        "Đính chính",
    ),
    "th": (
        "สัปดาห์", "ในฉบับนี้", "บทความเพิ่มเติม", "ครั้งนี้ไม่มีบทความใหม่", "เปิดดูในเบราว์เซอร์", "การตั้งค่า",
        "ยกเลิกการรับข่าวสาร", "คุณได้รับอีเมลนี้เพราะสมัครรับ {title}", "บทความเพิ่มเติมบนเว็บไซต์ ({count})",
        "อ่านต่อ", "แชร์", "ส่งต่ออีเมลนี้", "อ่าน {count} นาที", "โฆษณา", "{first} และอีก {count} เรื่อง",
        "แก้ไขข้อผิดพลาด",
    ),
    "id": (
        "minggu", "Dalam edisi ini", "Artikel lainnya", "Kali ini tidak ada artikel baru.", "Lihat di browser",
        "Preferensi", "Berhenti berlangganan", "Anda menerima email ini karena berlangganan {title}.",
        "Artikel lainnya di situs web ({count})", "Baca selengkapnya", "Bagikan", "Teruskan email ini",
        "{count} menit baca", "Iklan", "{first} dan {count} lainnya",
        "Ralat",
    ),
    "ca": (
        "setmana", "En aquest número", "Més articles", "Aquesta vegada no hi ha articles nous.",
        "Obre-ho al navegador", "Preferències", "Cancel·la la subscripció",
        "Rebeu aquest correu perquè us heu subscrit a {title}.", "Més articles al lloc web ({count})",
        "Continua llegint", "Comparteix", "Reenvia aquest correu", "{count} min de lectura", "Publicitat",
        "{first} i {count} més",
        "Correcció",
    ),
    "gl": (
        "semana", "Neste número", "Máis artigos", "Esta vez non hai artigos novos.", "Ver no navegador",
        "Preferencias", "Darse de baixa", "Recibe este correo porque se subscribiu a {title}.",
        "Máis artigos no sitio web ({count})", "Seguir lendo", "Compartir", "Reenviar este correo",
        "{count} min de lectura", "Publicidade", "{first} e {count} máis",
        "Corrección",
    ),
    "af": (
        "week", "In hierdie uitgawe", "Meer plasings", "Geen nuwe plasings hierdie keer nie.",
        "Bekyk in blaaier", "Voorkeure", "Teken uit", "Jy kry hierdie e-pos omdat jy op {title} ingeteken het.",
        "Meer plasings op die webwerf ({count})", "Lees verder", "Deel", "Stuur hierdie e-pos aan",
        "{count} min. leestyd", "Advertensie", "{first} en nog {count}",
        "Regstelling",
    ),
    "ms": (
        "minggu", "Dalam edisi ini", "Artikel lain", "Tiada artikel baharu kali ini.", "Lihat dalam pelayar",
        "Keutamaan", "Berhenti melanggan", "Anda menerima e-mel ini kerana anda melanggan {title}.",
        "Artikel lain di laman web ({count})", "Teruskan membaca", "Kongsi", "Majukan e-mel ini",
        "{count} minit bacaan", "Iklan", "{first} dan {count} lagi",
        "Pembetulan",
    ),
    "fa": (
        "هفته", "در این شماره", "مطالب بیشتر", "این بار مطلب تازه‌ای نیست.", "مشاهده در مرورگر", "تنظیمات",
        "لغو اشتراک", "این ایمیل را دریافت کرده‌اید چون مشترک {title} هستید.", "مطالب بیشتر در وب‌سایت ({count})",
        "ادامهٔ مطلب", "هم‌رسانی", "فرستادن این ایمیل برای دیگران", "زمان خواندن: {count} دقیقه", "آگهی",
        "{first} و {count} مطلب دیگر",
        "تصحیح",
    ),
    # Nobody whose first language it is has read the text in the following four languages yet.
    "ur": (
        "ہفتہ", "اس شمارے میں", "مزید تحریریں", "اس بار کوئی نئی تحریر نہیں۔", "براؤزر میں دیکھیں", "ترجیحات",
        "رکنیت ختم کریں", "آپ کو یہ ای میل اس لیے ملی کہ آپ {title} کے رکن ہیں۔", "ویب سائٹ پر مزید تحریریں ({count})",
        "مزید پڑھیں", "شیئر کریں", "یہ ای میل آگے بھیجیں", "پڑھنے کا وقت: {count} منٹ", "اشتہار",
        "{first} اور مزید {count}",
        "تصحیح",
    ),
    "bn": (
        "সপ্তাহ", "এই সংখ্যায়", "আরও লেখা", "এবার নতুন কোনো লেখা নেই।", "ব্রাউজারে দেখুন", "পছন্দ",
        "সদস্যতা বাতিল করুন", "আপনি {title}-এর গ্রাহক বলে এই ইমেল পেয়েছেন।", "ওয়েবসাইটে আরও লেখা ({count})",
        "আরও পড়ুন", "শেয়ার করুন", "এই ইমেলটি ফরোয়ার্ড করুন", "পড়তে {count} মিনিট", "বিজ্ঞাপন",
        "{first} এবং আরও {count}টি",
        "সংশোধন",
    ),
    "mr": (
        "आठवडा", "या अंकात", "आणखी लेख", "या वेळी नवीन लेख नाहीत.", "ब्राउझरमध्ये पहा", "प्राधान्ये",
        "सदस्यता रद्द करा", "तुम्ही {title} चे सदस्य आहात म्हणून हा ईमेल तुम्हाला मिळाला आहे.",
        "वेबसाइटवर आणखी लेख ({count})",
        "पुढे वाचा", "शेअर करा", "हा ईमेल पुढे पाठवा", "वाचनाचा वेळ: {count} मि.", "जाहिरात",
        "{first} आणि आणखी {count}",
        "दुरुस्ती",
    ),
    "ta": (
        "வாரம்", "இந்த இதழில்", "மேலும் பதிவுகள்", "இம்முறை புதிய பதிவுகள் இல்லை.", "உலாவியில் காண்க", "விருப்பங்கள்",
        "குழுவிலகு", "நீங்கள் {title} சந்தாதாரர் என்பதால் இந்த மின்னஞ்சலைப் பெறுகிறீர்கள்.",
        "இணையதளத்தில் மேலும் பதிவுகள் ({count})",
        "மேலும் வாசிக்க", "பகிர்க", "இந்த மின்னஞ்சலை முன்னனுப்பு", "வாசிக்கும் நேரம்: {count} நிமி.", "விளம்பரம்",
        "{first} மற்றும் மேலும் {count}",
        "திருத்தம்",
    ),
}  # fmt: skip

_COLONS = {"fr": "\u00a0: ", "ja": "：", "zh-hans": "：", "zh-hant": "："}
"""What stands between a label and what it is about, where that isn't a colon and a space."""

_ALSO = {"no": "nb", "iw": "he", "in": "id"}

_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {language: MappingProxyType(dict(zip(_KEYS, row, strict=True))) for language, row in _TABLE.items()}
)

LANGUAGES = tuple(_WORDS)


def words(language: str) -> Mapping[str, str]:
    """Return the fixed text in a language (BCP 47), or in English if it has no translation."""
    return _WORDS.get(translation_of(language), _WORDS["en"])


def colon(language: str) -> str:
    """Return the colon between a label of ours and its text: a no-break space before it in French, wide in Chinese."""
    return _COLONS.get(translation_of(language), ": ")


def number(count: int, language: str) -> str:
    """Return a number within the fixed text of a language, which is English for some."""
    return in_own_digits(str(count), language) if translation_of(language) in _WORDS else str(count)


def language_of_words(language: str) -> str:
    """Return the language of the text that `words` returns, for the `lang` attribute."""
    return language if translation_of(language) in _WORDS else "en"


def translation_of(language: str) -> str:
    """Return the key of the translation for a language: most have one, two depend on the script or the region."""
    base, *parts = language.lower().split("-")
    if base == "zh":
        return "zh-hant" if {"hant", "tw", "hk", "mo"} & set(parts) else "zh-hans"
    if base == "pt" and "br" in parts:
        return "pt-br"
    return _ALSO.get(base, base)
